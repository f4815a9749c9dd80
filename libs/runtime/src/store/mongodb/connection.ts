import { MongoClient, type Collection, type Document, type IndexDescription, type MongoClientOptions } from 'mongodb';
import { ClusterError } from '@tutti/core';
import { systemClock } from '../../system-clock.ts';
import { fewAtATime } from './few-at-a-time.ts';
import { storageError } from './mongodb-error.ts';

/** The way to a database that may be away, and comes back by itself. */
export interface Connection {
  /** Does something with a collection, connecting first if need be; whatever goes wrong becomes a ClusterError. */
  use<D extends Document, T>(collection: string, work: (collection: Collection<D>) => Promise<T>): Promise<T>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

interface Options {
  readonly uri: string;
  /** By default the one that the URI names, else "tutti". */
  readonly database: string | undefined;
  /** By collection. They only make things fast, or delete them: nothing waits for them. */
  readonly indexes: Readonly<Record<string, readonly IndexDescription[]>>;
}

/**
 * The driver's own limits are half a minute and none at all: callers are told soon, and may come again. Whoever reads
 * sees what was written, whatever the URI says.
 */
const clientOptions = {
  appName: 'tutti',
  serverSelectionTimeoutMS: 2000,
  connectTimeoutMS: 2000,
  socketTimeoutMS: 3000,
  waitQueueTimeoutMS: 5000,
  maxPoolSize: 20,
  writeConcern: { w: 'majority' },
  readPreference: 'primary',
  ignoreUndefined: true,
} satisfies MongoClientOptions;

/** The driver holds much of what waits for one of its connections; twice as many keep these busy. */
const mostAtATime = 40;

const nameByDefault = 'tutti';
/** The driver's name for a database that the URI does not name. */
const unnamed = 'test';

export function createConnection({ uri, database, indexes }: Options): Connection {
  const client = createClient(uri);
  const db = client.db(database ?? (client.options.dbName === unnamed ? nameByDefault : client.options.dbName));
  const { waitQueueTimeoutMS: longestWaitMs } = clientOptions;
  const limited = fewAtATime({ most: mostAtATime, longestWaitMs, clock: systemClock });
  let indexed = false;
  let closed = false;

  async function connected<T>(work: () => Promise<T>): Promise<T> {
    if (closed) throw new ClusterError('storage_unavailable', 'The store is closed.');
    try {
      // By itself the driver connects only once: after a failure it must be asked again.
      await client.connect();
      if (!indexed) void createIndexes();
      return await limited(work);
    } catch (error) {
      throw storageError(error);
    }
  }

  async function createIndexes(): Promise<void> {
    indexed = true;
    try {
      for (const [name, list] of Object.entries(indexes)) await db.collection(name).createIndexes([...list]);
    } catch {
      indexed = false;
    }
  }

  return {
    use: <D extends Document, T>(name: string, work: (collection: Collection<D>) => Promise<T>) =>
      connected(() => work(db.collection<D>(name))),
    ping: () => connected(async () => void (await db.command({ ping: 1 }))),
    async close() {
      closed = true;
      await client.close();
    },
  };
}

function createClient(uri: string): MongoClient {
  try {
    return new MongoClient(uri, clientOptions);
  } catch {
    // Without the cause: it may hold the URI, and so a password.
    const message = 'mongodb.uri is not valid. Write mongodb://HOST:27017/DATABASE, special letters percent-encoded.';
    throw new ClusterError('failed_precondition', message);
  }
}
