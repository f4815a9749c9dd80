import type { Done } from '@tutti/proto/tutti/agent/v1/chunk';
import { extraMembers, type Extra } from '../answer.ts';
import type { Choices } from '../choices.ts';
import { usageText } from './answer-text.ts';

/** The ends of the answers of a stream, and its own. */
export interface ChoiceEnds {
  /** The event that ends one of several answers before the others. */
  one(choice: number): string;
  /** The events that end those that are left, and the stream. `extra` stands in the last object. */
  rest(done: Done, extra: Extra): string;
}

interface Options {
  readonly choices?: Choices | undefined;
  /** Whether the stream is to end with the counts of tokens. */
  readonly includeUsage: boolean;
  /** The text of an event up to `choices`. */
  readonly head: string;
  /** Writes the event that ends an answer; `more`: members that stand after its choices. */
  readonly write: (choice: number, reason: string, more?: string) => string;
}

export function createChoiceEnds({ choices, includeUsage, head, write }: Options): ChoiceEnds {
  const open = new Set(Array.from({ length: choices?.count ?? 1 }, (_, choice) => choice));
  return {
    one(choice) {
      open.delete(choice);
      return write(choice, choices?.reasonOf(choice) ?? 'stop');
    },
    rest(done, extra) {
      const last = extraMembers(extra);
      const left = [...open];
      const ends = left.map((choice, at) => {
        const isLast = !includeUsage && at === left.length - 1;
        return write(choice, choices?.reasonOf(choice) ?? done.reason, isLast ? last : undefined);
      });
      const usage = includeUsage ? `data: ${head},"choices":[],"usage":${usageText(done)}${last}}\n\n` : '';
      return `${ends.join('')}${usage}data: [DONE]\n\n`;
    },
  };
}
