import { base64Decode, base64Encode } from '@bufbuild/protobuf/wire';
import type { Clock } from '../ports.ts';
import type { DocumentRepository } from '../stores/documents.ts';

export interface ShelvedAnswer {
  readonly answer: Uint8Array;
  /** Milliseconds since it was made. */
  readonly ageMs: number;
}

/** Keeps answers in the store, for all orchestrators and over restarts. Never fails: without a store nothing is found. */
export interface AnswerShelf {
  find(key: string): Promise<ShelvedAnswer | undefined>;
  /** Returns at once. `owner`: id of the key that it belongs to. */
  put(key: string, owner: string, answer: Uint8Array): void;
}

interface Options {
  readonly documents: Pick<DocumentRepository, 'add' | 'find'>;
  readonly clock: Clock;
  /** Looked at anew at each use. */
  readonly ttlMs: () => number;
}

/** A call waits no longer for the store than this: then it is answered by a model. */
const longestFindMs = 200;

/** Answers on their way to the store; further ones are not kept there. */
const mostPending = 32;

export function createAnswerShelf({ documents, clock, ttlMs }: Options): AnswerShelf {
  let pending = 0;

  const found = async (key: string): Promise<ShelvedAnswer | undefined> => {
    try {
      const now = clock.wallTime();
      const record = await documents.find(key, now);
      if (typeof record?.document !== 'string') return undefined;
      return { answer: base64Decode(record.document), ageMs: now - record.createdAt };
    } catch {
      return undefined;
    }
  };

  const keep = async (key: string, owner: string, answer: Uint8Array): Promise<void> => {
    const createdAt = clock.wallTime();
    const times = { createdAt, updatedAt: createdAt, expiresAt: createdAt + ttlMs() };
    pending += 1;
    try {
      await documents.add({ id: key, key: owner, revision: 1, ...times, document: base64Encode(answer) });
    } catch {
      // Whoever asks next has a model answer.
    } finally {
      pending -= 1;
    }
  };

  return {
    find: (key) =>
      new Promise((resolve) => {
        const stop = clock.after(longestFindMs, () => resolve(undefined));
        void found(key).then((answer) => {
          stop();
          resolve(answer);
        });
      }),
    put(key, owner, answer) {
      if (pending < mostPending) void keep(key, owner, answer);
    },
  };
}
