import { startMongoServer } from '@tutti/testing';
import { MongoClient, type Db } from 'mongodb';
import { afterAll } from 'vitest';

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
  if (uri) return fixtureOf(uri);
  const server = await startMongoServer();
  if ('skipped' in server) return server;
  afterAll(() => server.stop());
  return fixtureOf(server.uri);
}

function fixtureOf(uri: string): MongoFixture {
  let count = 0;

  const database = (): MongoDatabase => {
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
  };

  return { database };
}
