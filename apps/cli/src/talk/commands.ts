import { ClusterError } from '@tutti/core';
import type { Client } from '../connection/client.ts';
import { facts } from '../output/table.ts';
import { describeModel, type ModelDetails } from '../verbs/show.ts';
import type { Conversation } from './conversation.ts';
import { describeReply } from './describe-reply.ts';
import { readFormat } from './format.ts';

interface Scene {
  readonly conversation: Conversation;
  readonly client: Client;
  /** Of the command, by blanks. */
  readonly words: readonly string[];
  /** All of them as typed. */
  readonly rest: string;
}

interface ChatCommand {
  readonly usage: string;
  readonly summary: string;
  /** Returns what to print, or "leave". */
  readonly run: (scene: Scene) => Promise<string | typeof leave> | string | typeof leave;
}

/** The person wants to go. */
export const leave = Symbol('leave');

export const chatCommands: Readonly<Record<string, ChatCommand>> = {
  '/set': { usage: '/set ...', summary: 'change a setting; alone, it lists them', run: set },
  '/show': { usage: '/show [info|parameters|system]', summary: 'tell about the model', run: show },
  '/model': {
    usage: '/model [name]',
    summary: 'ask another model from now on',
    run({ conversation, rest }) {
      if (rest !== '') conversation.model = rest;
      return `Model: ${conversation.model}`;
    },
  },
  '/node': {
    usage: '/node [name|any]',
    summary: 'ask this node from now on',
    run({ conversation, rest }) {
      if (rest !== '') conversation.node = rest === 'any' ? undefined : rest;
      return `Node: ${conversation.node ?? 'any'}`;
    },
  },
  '/route': {
    usage: '/route',
    summary: 'tell the way of the last answer',
    run: ({ conversation: { lastReply } }) => (lastReply ? describeReply(lastReply) : 'Nothing was answered yet.'),
  },
  '/clear': {
    usage: '/clear',
    summary: 'forget what was said',
    run({ conversation }) {
      conversation.messages.length = 0;
      return 'Forgotten.';
    },
  },
  '/bye': { usage: '/bye', summary: 'leave', run: () => leave },
  '/?': { usage: '/?', summary: 'this list', run: help },
};

const aliases: Readonly<Record<string, string>> = { '/help': '/?', '/exit': '/bye', '/quit': '/bye' };

/** Runs a line that begins with a slash. */
export async function runChatCommand(line: string, conversation: Conversation, client: Client) {
  const [name = '', ...words] = line.trim().split(/\s+/);
  const command = chatCommands[aliases[name] ?? name];
  if (!command) return `${name} is no command. "/?" lists them.`;
  return command.run({ conversation, client, words, rest: line.trim().slice(name.length).trim() });
}

function help(): string {
  const rows = Object.values(chatCommands).map(({ usage, summary }) => [usage, summary] as const);
  return `${facts([...rows, ['"""', 'begins and ends a text of several lines']])}\n  Ctrl-C stops an answer, Ctrl-D leaves.`;
}

const switches: Readonly<Record<string, (conversation: Conversation) => void>> = {
  verbose: (conversation) => void (conversation.verbose = true),
  quiet: (conversation) => void (conversation.verbose = false),
  history: (conversation) => void (conversation.history = true),
  nohistory: (conversation) => void (conversation.history = false),
  think: (conversation) => void (conversation.think = true),
  nothink: (conversation) => void (conversation.think = false),
  noformat: (conversation) => void (conversation.format = undefined),
};

const settings = `  /set parameter NAME VALUE    an option of the model, such as temperature 0.2
  /set system TEXT             what the model is told first
  /set format json             answers in JSON; /set noformat ends that
  /set verbose, /set quiet     tell the way and the speed of each answer, or not
  /set think, /set nothink     let the model think first, or not
  /set history, nohistory      keep what is typed for the next time, or not`;

function set({ conversation, words: [what = '', name = '', ...values], rest }: Scene): string {
  const turn = Object.hasOwn(switches, what) ? switches[what] : undefined;
  if (turn) {
    turn(conversation);
    return `Set ${what}.`;
  }
  if (what === 'parameter' && values.length > 0) {
    conversation.parameters.set(name, parameterValue(values.join(' ')));
    return `Set ${name} to ${values.join(' ')}.`;
  }
  if (what === 'system' && name !== '') {
    conversation.system = unquoted(rest.slice(what.length).trim());
    return 'Set the system message.';
  }
  if (what === 'format' && name !== '') {
    conversation.format = readFormat(rest.slice(what.length).trim());
    return 'Set the format.';
  }
  return settings;
}

function parameterValue(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function unquoted(text: string): string {
  return /^"(.*)"$/s.exec(text)?.[1] ?? text;
}

async function show({ conversation, client, words: [what = 'info'] }: Scene): Promise<string> {
  const { model, system, parameters } = conversation;
  if (what === 'parameters')
    return facts([...parameters].map(([name, value]) => [name, String(value)])) || 'None are set.';
  if (what === 'system') return system ?? 'No system message is set.';
  if (what !== 'info') throw new ClusterError('invalid_request', 'Use /show info, /show parameters or /show system.');
  return describeModel(await client.json<ModelDetails>('POST', '/api/show', { body: { model } }));
}
