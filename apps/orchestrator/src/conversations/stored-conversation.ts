import type { DocumentRecord } from '@tutti/core';
import type {
  Contribution,
  Json,
  JsonObject,
  RunCaller,
  RunEntry,
  RunError,
  ToolUse,
  Turn,
} from '@tutti/core/patterns';

/** A conversation as its document keeps it: all turns that have ended. */
export interface StoredConversation {
  readonly asked: Asked;
  /** What was said, oldest first. */
  readonly messages: readonly SaidMessage[];
  /** Runs that have ended; each was a turn. */
  readonly turns: number;
  /** What the oldest turns came to; "": nothing is left out yet. */
  readonly summary: string;
  /** How many of the oldest messages of the user and answers that is. */
  readonly summarised: number;
}

/** A conversation as it is now. */
export interface FoundConversation {
  readonly record: DocumentRecord;
  readonly stored: StoredConversation;
  /** What the turn that goes on has done so far; undefined: none does. */
  readonly going?: readonly RunEntry[];
}

/** How a turn is to be made. */
export interface TurnWork {
  readonly caller: RunCaller;
  /** As the client sent it. */
  readonly budget?: JsonObject | undefined;
}

/** What it began with. */
export type Asked = { readonly query: string; readonly preferredModel?: string; readonly tools: readonly string[] };

export interface SaidMessage {
  readonly role: 'user' | 'assistant';
  readonly content: string;
  /** Undefined: it is the answer, or the user's. */
  readonly specialist?: string;
  readonly model?: string;
  readonly tools?: readonly ToolUse[];
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Why there is no answer. */
  readonly error?: RunError;
}

/** Characters of what a conversation is about, which every call gets. */
const mostPinned = 1_000;

export function newConversation(asked: Asked): StoredConversation {
  return { asked, messages: [], turns: 0, summary: '', summarised: 0 };
}

/** The id of the run that is the next turn, or the one that goes on: one at a time, whoever asks. */
export function nextTurnId(id: string, { turns }: StoredConversation): string {
  return `${id}-turn-${turns + 1}`;
}

/** What the pattern `turn` is asked with the next message. */
export function turnBody({ asked, messages, summary, summarised }: StoredConversation, content: string): JsonObject {
  const { preferredModel, tools, query } = asked;
  const spoken = messages.filter(isSpoken).slice(summarised);
  const said = spoken.map(({ role, content: words }): Turn => ({ role, content: words }));
  return {
    messages: [...said, { role: 'user', content }],
    // The first message says it itself.
    pinned: messages.length > 0 ? [query.slice(0, mostPinned)] : [],
    summary,
    tools,
    ...(preferredModel !== undefined && { preferredModel }),
  };
}

/** The conversation after a turn that has ended. */
export function withTurn(stored: StoredConversation, entries: readonly RunEntry[]): StoredConversation {
  const end = entries.at(-1)?.event;
  const { summary, summarised }: JsonObject = (end?.type === 'ended' && end.result) || {};
  return {
    ...stored,
    messages: [...stored.messages, ...messagesIn(entries)],
    turns: stored.turns + 1,
    ...(typeof summary === 'string' && { summary, summarised: stored.summarised + Number(summarised) }),
  };
}

/** What was said in a turn so far. */
export function messagesIn(entries: readonly RunEntry[]): readonly SaidMessage[] {
  return entries.flatMap((entry) => messagesOf(entry, entries));
}

function messagesOf({ event, time }: RunEntry, entries: readonly RunEntry[]): readonly SaidMessage[] {
  if (event.type === 'started') return [{ role: 'user', content: askedIn(event.input), time }];
  if (event.type === 'noted' && event.note.kind === 'step') {
    const { specialist, content, model, tools } = event.note as unknown as Contribution;
    return content === '' ? [] : [{ role: 'assistant', content, specialist, model, tools, time }];
  }
  if (event.type !== 'ended') return [];
  const { result, error } = event;
  if (!result) return error ? [{ role: 'assistant', content: '', time, error }] : [];
  const model = modelOf(entries);
  return [{ role: 'assistant', content: result.text, ...(model !== undefined && { model }), time }];
}

/** What the user said: the last turn of what the run got. */
function askedIn({ memory, messages }: JsonObject): string {
  const turns = ((memory as JsonObject | undefined)?.recent ?? messages) as readonly JsonObject[] | undefined;
  const said: Json | undefined = turns?.at(-1)?.content;
  return typeof said === 'string' ? said : '';
}

/** Who gave the answer. */
function modelOf(entries: readonly RunEntry[]): string | undefined {
  const found = entries.findLast(({ event }) => event.type === 'answered' && event.step === 'answer')?.event;
  return found?.type === 'answered' ? found.answer.model : undefined;
}

/** Whether the next turns get it word by word: the user's words, and answers. */
function isSpoken({ specialist, content }: SaidMessage): boolean {
  return specialist === undefined && content !== '';
}
