import { startMongoServer } from '@tutti/testing';
import { MongoClient, type Db } from 'mongodb';
import type { Store } from '@tutti/core';
import { afterAll, expect, vi } from 'vitest';
import { indexes } from './schema.ts';

export interface MongoDatabase {
  readonly uri: string;
  readonly database: string;
  /** Removes all that is in it. */
  remove(): Promise<void>;
  /** What stands there, past the store. */
  look<T>(at: (db: Db) => Promise<T>): Promise<T>;
}

interface MongoFixture {
  /** An empty database. */
  database(): MongoDatabase;
}

/**
 * The server that MONGODB_URI names, else one of our own for the tests of a file. To be awaited outside of tests; the
 * first time on a machine it takes a minute or two.
 */
export async function mongoFixture(): Promise<MongoFixture | { readonly skipped: string }> {
  const uri = process.env['MONGODB_URI'];
  if (uri) return { database: () => emptyDatabase(uri) };
  const server = await startMongoServer();
  if ('skipped' in server) return server;
  afterAll(() => server.stop());
  return { database: () => emptyDatabase(server.uri) };
}

let count = 0;

export function emptyDatabase(uri: string): MongoDatabase {
  const name = `tutti_test_${process.pid}_${count++}`;
  const look = async <T>(at: (db: Db) => Promise<T>): Promise<T> => {
    const client = new MongoClient(uri);
    try {
      return await at(client.db(name));
    } finally {
      await client.close();
    }
  };
  return { uri, database: name, look, remove: () => look(async (db) => void (await db.dropDatabase())) };
}

/** Waits until a store's indexes are there: the stand-in for MongoDB now and then fails a write that comes while it makes one. */
export async function indexed(store: Store, { look }: MongoDatabase): Promise<Store> {
  await store.ping();
  for (const [name, wanted] of Object.entries(indexes)) {
    const made = () => look(async (db) => (await db.collection(name).indexes()).length);
    // One more than we make: that of the id.
    await vi.waitFor(async () => expect(await made()).toBe(wanted.length + 1), { timeout: 15_000 });
  }
  return store;
}
