import { createHash, randomUUID } from 'node:crypto';
import { ClusterError } from '@tutti/core';
import { canonicalJson, type JsonObject } from '@tutti/core/patterns';

interface Named {
  /** As the client chose it. */
  readonly id?: string | undefined;
  /** Of a request that may come twice. */
  readonly idempotencyKey?: string | undefined;
}

const longestKey = 255;

/** The id of a run: the client's, or one that follows from its idempotency key, or a new one. */
export function runIdOf({ id, idempotencyKey }: Named, key: string): string {
  if (id !== undefined) return checkedId(id);
  if (idempotencyKey === undefined) return randomUUID();
  if (idempotencyKey !== '' && idempotencyKey.length <= longestKey) return hashOf(`${key}\n${idempotencyKey}`);
  const message = `Idempotency-Key must have 1 to ${longestKey} characters, got ${idempotencyKey.length}.`;
  throw new ClusterError('invalid_request', message, { param: 'Idempotency-Key' });
}

/** The id that a client chose, if it may: what turns and workflows call their runs is theirs. */
export function chosenId(id: string | undefined): string | undefined {
  if (id === undefined || !/-(turn|run)-\d+$/.test(id)) return id;
  const message = 'id must not end with "-turn-" or "-run-" and a number: conversations and workflows use those names.';
  throw new ClusterError('invalid_request', message, { param: 'id' });
}

/** What was asked, as a short text: the same for the same. */
export function requestHashOf(asked: JsonObject): string {
  return hashOf(canonicalJson(asked));
}

function checkedId(id: string): string {
  if (/^[a-zA-Z0-9-]{8,64}$/.test(id)) return id;
  const message = `id must have 8 to 64 letters, digits and "-", got ${id.length} characters.`;
  throw new ClusterError('invalid_request', message, { param: 'id' });
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
