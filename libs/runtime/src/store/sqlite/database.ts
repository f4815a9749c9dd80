import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { ClusterError } from '@tutti/core';
import { migrations } from './migrations.ts';
import { isNoDatabase, storageError } from './sqlite-error.ts';

/** A file of SQLite. Each statement blocks the event loop, so each is short. */
export interface Database {
  /** The statement, prepared once. */
  prepare(sql: string): StatementSync;
  /** Does all of `work` or nothing. */
  transaction(work: () => void): void;
  /** Runs statements; whatever they throw becomes a ClusterError. */
  use<T>(work: () => T | Promise<T>): Promise<T>;
  close(): void;
}

/** How long another process that writes is waited for: the event loop stands still meanwhile. */
const busyTimeoutMs = 500;

export function openDatabase(file: string): Database {
  const db = openFile(file);
  const prepared = new Map<string, StatementSync>();
  return {
    prepare(sql) {
      const statement = prepared.get(sql) ?? db.prepare(sql);
      prepared.set(sql, statement);
      return statement;
    },
    transaction: (work) => transaction(db, work),
    async use(work) {
      try {
        return await work();
      } catch (error) {
        throw storageError(error);
      }
    },
    close() {
      if (db.isOpen) db.close();
    },
  };
}

function openFile(file: string): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    makePrivate(file);
    db = new DatabaseSync(file, { timeout: busyTimeoutMs });
    // Without waiting for the disk at each commit: safe when the process dies, and a power cut loses the last moments.
    db.exec('pragma journal_mode = wal; pragma synchronous = normal');
    db.function('contains', { deterministic: true }, contains);
    migrate(db, file);
    return db;
  } catch (error) {
    db?.close();
    throw openError(error, file);
  }
}

function makePrivate(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  closeSync(openSync(file, 'a', 0o600));
  chmodSync(file, 0o600);
}

/** `text` is in lower case. */
function contains(message: unknown, text: unknown): number {
  return String(message).toLowerCase().includes(String(text)) ? 1 : 0;
}

function migrate(db: DatabaseSync, file: string): void {
  transaction(db, () => {
    const { version, tables } = db
      .prepare(
        'select user_version as version, (select count(*) from sqlite_schema) as tables from pragma_user_version',
      )
      .get() as { version: number; tables: number };
    if (version === 0 && tables > 0) {
      throw new ClusterError('failed_precondition', `${file} is a database of another program. Name another file.`);
    }
    if (version > migrations.length) {
      const found = `${file} has schema ${version}, this version of Tutti knows ${migrations.length}.`;
      throw new ClusterError('failed_precondition', `${found} Use the version that wrote it, or name another file.`);
    }
    for (const migration of migrations.slice(version)) db.exec(migration);
    db.exec(`pragma user_version = ${migrations.length}`);
  });
}

function transaction(db: DatabaseSync, work: () => void): void {
  db.exec('begin immediate');
  try {
    work();
    db.exec('commit');
  } catch (error) {
    if (db.isTransaction) db.exec('rollback');
    throw error;
  }
}

function openError(error: unknown, file: string): ClusterError {
  if (isNoDatabase(error)) {
    return new ClusterError('failed_precondition', `${file} is no SQLite database. Name another file.`, {
      cause: error,
    });
  }
  if (error instanceof Error && 'syscall' in error && 'code' in error) {
    const message = `The store's file ${file} cannot be opened (${String(error.code)}).`;
    return new ClusterError('storage_unavailable', message, { cause: error });
  }
  return storageError(error);
}
