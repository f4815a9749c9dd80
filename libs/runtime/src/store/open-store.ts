import type { Clock, Store } from '@tutti/core';

export interface StoreOptions {
  /** Where MongoDB is; undefined: SQLite is used. */
  readonly mongodbUri?: string | undefined;
  /** Name of the database there: by default the one that the URI names, else "tutti". */
  readonly mongodbDatabase?: string | undefined;
  /** SQLite's file; it and its folder are made, for the owner's eyes only. */
  readonly file: string;
  /** Lines of the log are deleted at this age; Infinity: never. */
  readonly logRetentionMs: number;
  readonly clock: Clock;
}

/**
 * Opens what outlives the process. MongoDB may be away: its methods reject until it is back. With a file that cannot be
 * used this rejects with `storage_unavailable`; with one that is not ours, or newer than we are, and with a URI that
 * is none, with `failed_precondition`.
 */
export async function openStore({ mongodbUri, mongodbDatabase, ...options }: StoreOptions): Promise<Store> {
  if (mongodbUri === undefined) {
    const { openSqlite } = await import('./sqlite/sqlite-store.ts');
    return openSqlite(options);
  }
  const { openMongodb } = await import('./mongodb/mongodb-store.ts');
  return openMongodb({ uri: mongodbUri, database: mongodbDatabase, ...options });
}
