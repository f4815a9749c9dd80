import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';
import { ClusterError } from '@tutti/core';
import { explain } from '@tutti/runtime';
import type { Session } from '../on-cluster.ts';
import { chatCommands, leave, runChatCommand } from './commands.ts';
import { createConversation, questionOf } from './conversation.ts';
import { describeReply, statusLine } from './describe-reply.ts';
import { readFormat } from './format.ts';
import { historyFile, readHistory, writeHistory } from './history-file.ts';
import { createLineReader } from './line-reader.ts';
import { streamChat } from './stream-chat.ts';
import { createThinkingView } from './thinking.ts';

export interface ReplOptions {
  readonly node?: string;
  readonly system?: string;
  readonly format?: string;
  readonly verbose?: boolean;
}

/** Talks with a model until the person leaves. Each line of a pipe is a question. */
export async function repl({ client, output, options }: Session<ReplOptions>, model: string): Promise<void> {
  const { stdin, stdout, stderr } = process;
  const talking = stdin.isTTY && stdout.isTTY;
  const file = historyFile(process.env);
  const conversation = createConversation(model);
  conversation.node = options.node;
  conversation.system = options.system;
  conversation.format = options.format === undefined ? undefined : readFormat(options.format);
  conversation.verbose = options.verbose ?? false;

  const reader = createLineReader();
  const terminal = createInterface({
    input: stdin,
    ...(talking && { output: stdout, terminal: true, history: readHistory(file), completer: completeCommand }),
  });
  let answering: AbortController | undefined;
  terminal.on('history', (lines: readonly string[]) => {
    if (talking && conversation.history) writeHistory(file, lines);
  });
  terminal.on('SIGINT', () => {
    if (answering) return answering.abort();
    if (terminal.line === '' && !reader.open) stdout.write('\nCtrl-D or /bye leaves.\n');
    else stdout.write('\n');
    reader.reset();
    terminal.write(null, { ctrl: true, name: 'u' });
    showPrompt();
  });
  const showPrompt = (): void => {
    terminal.setPrompt(reader.open ? '... ' : '>>> ');
    if (talking) terminal.prompt();
  };

  const answer = async (text: string): Promise<void> => {
    answering = new AbortController();
    const thinking = createThinkingView();
    const heard: string[] = [];
    try {
      const reply = await streamChat(client, questionOf(conversation, text), {
        signal: answering.signal,
        onThinking: thinking.show,
        onText(piece) {
          thinking.end();
          heard.push(piece);
          output.piece(piece);
        },
      });
      output.piece('\n');
      output.answer(reply, () => '');
      conversation.lastReply = reply;
      if (conversation.verbose) output.note(`\n${describeReply(reply)}`);
      else if (talking) output.note(styleText('dim', statusLine(reply), { stream: stderr }));
    } catch (thrown) {
      if (ClusterError.from(thrown).reason !== 'client_closed') throw thrown;
      output.piece('\n');
    } finally {
      answering = undefined;
    }
    // An answer that was stopped counts as far as it was heard.
    conversation.messages.push({ role: 'user', content: text }, { role: 'assistant', content: heard.join('') });
  };

  const act = async (text: string): Promise<boolean> => {
    if (text.trim() === '') return true;
    if (!text.startsWith('/')) {
      await answer(text);
      return true;
    }
    const result = await runChatCommand(text, conversation, client);
    if (result !== leave) output.note(result);
    return result !== leave;
  };

  if (talking) output.note(`${model}; "/?" tells more, /bye leaves.`);
  showPrompt();
  for await (const line of terminal) {
    const text = reader.push(line);
    if (text !== undefined) {
      // A person goes on after an error; a program wants to know.
      const goesOn = await act(text).catch((error: unknown) => {
        if (!talking) throw error;
        output.note(explain(error));
        return true;
      });
      if (!goesOn) break;
    }
    showPrompt();
  }
  terminal.close();
}

function completeCommand(line: string): [string[], string] {
  return [line.startsWith('/') ? Object.keys(chatCommands).filter((name) => name.startsWith(line)) : [], line];
}
