import type { Message, Question, Reply } from './stream-chat.ts';

/** What a person has set and said in a talk. */
export interface Conversation {
  model: string;
  node: string | undefined;
  system: string | undefined;
  format: unknown;
  think: boolean | undefined;
  verbose: boolean;
  /** Whether what is typed is kept for the next time. */
  history: boolean;
  /** Ollama's options, such as temperature. */
  readonly parameters: Map<string, unknown>;
  readonly messages: Message[];
  /** The last answer, for its way. */
  lastReply: Reply | undefined;
}

export function createConversation(model: string): Conversation {
  return {
    ...{ model, node: undefined, system: undefined, format: undefined, think: undefined, lastReply: undefined },
    ...{ verbose: false, history: true, parameters: new Map(), messages: [] },
  };
}

/** Everything so far, with one more question. */
export function questionOf(conversation: Conversation, text: string): Question {
  const { model, node, system, format, think, parameters, messages } = conversation;
  return {
    model,
    messages: [
      ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
      ...messages,
      { role: 'user', content: text },
    ],
    ...(parameters.size > 0 && { options: Object.fromEntries(parameters) }),
    ...(format !== undefined && { format }),
    ...(think !== undefined && { think }),
    ...(node !== undefined && { node }),
  };
}
