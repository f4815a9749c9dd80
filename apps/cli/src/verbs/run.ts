import { ClusterError } from '@tutti/core';
import { Option, type Command } from 'commander';
import { startsWithExamples } from '../examples.ts';
import { onCluster, type Session } from '../on-cluster.ts';
import { list, wholeNumber } from '../options.ts';
import { askedPatterns, runPattern, type PatternOptions } from '../runs/run-pattern.ts';
import { describeReply } from '../talk/describe-reply.ts';
import { readFormat } from '../talk/format.ts';
import { readPrompt } from '../talk/read-prompt.ts';
import { streamChat, type Message } from '../talk/stream-chat.ts';
import { createThinkingView } from '../talk/thinking.ts';

interface Options extends PatternOptions {
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
    'tutti run --pattern debate "How many legs have two spiders?"',
  );
  command
    .argument('[model]', 'its name; with --pattern the question begins here')
    .argument('[prompt...]', 'the question; what comes on stdin is put below it')
    .option('--node <node>', 'ask this node')
    .option('--system <text>', 'what the model is told first')
    .option('--format <format>', 'json, or a JSON schema')
    .option('-v, --verbose', 'tell the way and the speed of the answer');
  withPatternOptions(command);
  onCluster<Options>(command, async (session, model = '', ...words) => {
    if (session.options.pattern !== undefined) {
      const question = [model, ...words].join(' ').trim();
      return runPattern(session, await readPrompt(question === '-' ? '' : question));
    }
    if (model === '') throw new ClusterError('invalid_request', 'Name a model, or a pattern with --pattern.');
    if (words.length === 0 && process.stdin.isTTY) {
      const { repl } = await import('../talk/repl.ts');
      return repl(session, model);
    }
    await runOnce(session, model, await readPrompt(words.join(' ')));
  });
}

function withPatternOptions(command: Command): void {
  command
    .addOption(new Option('--pattern <pattern>', 'ask several models, and make one answer').choices(askedPatterns))
    .option('--models <models>', 'with --pattern: those that answer, by comma; for maestro the one that plans', list)
    .option('--size <count>', 'with ensemble, debate: how many answer', wholeNumber)
    .option('--rounds <count>', 'with debate: most rounds after the first answers', wholeNumber)
    .option('--strategy <strategy>', 'with ensemble: vote, best-of, synthesis or auto')
    .option('--max-tokens <count>', 'with --pattern: most tokens over all calls', wholeNumber)
    .option('--max-calls <count>', 'with --pattern: most calls of models', wholeNumber)
    .option('--id <id>', 'with --pattern: id of the run; the same id and question are run once')
    .option(
      '--no-durable',
      'with --pattern: keep nothing of the run, which then needs no store and ends with this command',
    )
    .option('--async', 'with --pattern: print the id of the run, and do not wait');
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
