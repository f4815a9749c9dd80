import { MongoError, MongoInvalidArgumentError, MongoServerError } from 'mongodb';
import { ClusterError } from '@tutti/core';

const duplicateKey = 11_000;
/** Unauthorized, AuthenticationFailed, and what MongoDB's own cloud says for both. */
const refusals = new Set<unknown>([13, 18, 8000]);
/** BSONObjectTooLarge, and what older servers say for it. */
const tooLarge = new Set<unknown>([10_334, 17_419, 17_420]);

/**
 * What the driver throws, as a ClusterError. Whatever is not the fault of the document may be over the next time:
 * `storage_unavailable`.
 */
export function storageError(thrown: unknown): ClusterError {
  if (thrown instanceof MongoError) return new ClusterError(...reasonAndMessage(thrown), { cause: thrown });
  const fromTheSystem = thrown instanceof Error && 'syscall' in thrown;
  return fromTheSystem ? new ClusterError(...away, { cause: thrown }) : ClusterError.from(thrown);
}

type ReasonAndMessage = readonly ['too_large' | 'storage_unavailable', string];

const away: ReasonAndMessage = [
  'storage_unavailable',
  'MongoDB cannot be reached, or answers too slowly. Check that it runs and that mongodb.uri is right.',
];

function reasonAndMessage(error: MongoError): ReasonAndMessage {
  if (error instanceof MongoInvalidArgumentError || tooLarge.has(error.code)) {
    return ['too_large', 'MongoDB does not take a document of this size: 16 MiB is its limit.'];
  }
  if (refusals.has(error.code)) {
    return ['storage_unavailable', 'MongoDB refuses the user of mongodb.uri. Check its password and its rights.'];
  }
  if (error instanceof MongoServerError && error.codeName) {
    return ['storage_unavailable', `MongoDB cannot do this now (${error.codeName}).`];
  }
  return away;
}

export function isDuplicate(thrown: unknown): boolean {
  return thrown instanceof MongoServerError && thrown.code === duplicateKey;
}

/** Of two upserts that make the same document at the same time, one fails and finds it there the second time. */
export async function upserted<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    return work();
  }
}
