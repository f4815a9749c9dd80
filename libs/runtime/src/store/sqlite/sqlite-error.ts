import { ClusterError } from '@tutti/core';

interface SqliteError extends Error {
  readonly code: 'ERR_SQLITE_ERROR';
  /** Extended result code: its lowest byte is the kind. */
  readonly errcode: number;
  readonly errstr: string;
}

const constraint = 19;
const notADatabase = 26;

/** What node:sqlite throws, as a ClusterError. */
export function storageError(thrown: unknown): ClusterError {
  if (isSqliteError(thrown)) {
    const message = `The store's file cannot be used: ${thrown.errstr}.`;
    return new ClusterError('storage_unavailable', message, { cause: thrown });
  }
  if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ERR_INVALID_STATE') {
    return new ClusterError('storage_unavailable', 'The store is closed.', { cause: thrown });
  }
  return ClusterError.from(thrown);
}

export function isTaken(thrown: unknown): boolean {
  return isSqliteError(thrown) && kind(thrown) === constraint;
}

export function isNoDatabase(thrown: unknown): boolean {
  return isSqliteError(thrown) && kind(thrown) === notADatabase;
}

function kind({ errcode }: SqliteError): number {
  return errcode & 0xff;
}

function isSqliteError(thrown: unknown): thrown is SqliteError {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ERR_SQLITE_ERROR';
}
