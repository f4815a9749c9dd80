import { fstatSync } from 'node:fs';
import { text as readAll } from 'node:stream/consumers';
import { ClusterError } from '@tutti/core';
import type { Command } from 'commander';
import { startsWithExamples } from '../examples.ts';
import { onCluster, type Session } from '../on-cluster.ts';
import { describeReply } from '../talk/describe-reply.ts';
import { readFormat } from '../talk/format.ts';
import { streamChat, type Message } from '../talk/stream-chat.ts';
import { createThinkingView } from '../talk/thinking.ts';

interface Options {
  readonly node?: string;
  readonly system?: string;
  readonly format?: string;
  readonly verbose?: boolean;
}

export function declareRun(command: Command): void {
  startsWithExamples(
    command,
    'tutti run llama3.2:3b "Why is the sky blue?"',
    'cat notes.txt | tutti run llama3.2:3b "Sum this up."',
    'tutti run llama3.2:3b    (talk, as with tutti chat)',
  );
  command
    .argument('<model>', 'its name')
    .argument('[prompt...]', 'the question; what comes on stdin is put below it')
    .option('--node <node>', 'ask this node')
    .option('--system <text>', 'what the model is told first')
    .option('--format <format>', 'json, or a JSON schema')
    .option('-v, --verbose', 'tell the way and the speed of the answer');
  onCluster<Options>(command, async (session, model, ...words) => {
    if (words.length === 0 && process.stdin.isTTY) {
      const { repl } = await import('../talk/repl.ts');
      return repl(session, model);
    }
    await runOnce(session, model, await readPrompt(words.join(' ')));
  });
}

async function runOnce({ client, output, options }: Session<Options>, model: string, prompt: string): Promise<void> {
  const { node, system, format } = options;
  const messages: Message[] = [
    ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
    { role: 'user', content: prompt },
  ];
  const thinking = createThinkingView();
  const reply = await streamChat(
    client,
    { model, messages, ...(node && { node }), ...(format && { format: readFormat(format) }) },
    {
      onThinking: thinking.show,
      onText(text) {
        thinking.end();
        output.piece(text);
      },
    },
  );
  output.piece('\n');
  output.answer(reply, () => '');
  if (options.verbose && !output.json) output.note(`\n${describeReply(reply)}`);
}

/** A prompt does not wait for a stdin that nobody has joined to anything. */
async function readPrompt(words: string): Promise<string> {
  const input = fstatSync(0);
  const wanted = words === '' || input.isFIFO() || input.isFile();
  const rest = wanted && !process.stdin.isTTY ? (await readAll(process.stdin)).trim() : '';
  const prompt = [words, rest].filter((part) => part !== '').join('\n\n');
  if (prompt !== '') return prompt;
  throw new ClusterError('invalid_request', 'There is no question. Write it behind the model, or send it on stdin.');
}
