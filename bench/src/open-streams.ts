import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { runLoad } from './load.ts';
import { eachProcess, rssBytes } from './process-cost.ts';
import { startBackend, startTutti } from './targets.ts';
import { manyShort, openStream } from './workload.ts';

/** Each stream gets a word so often. */
const tokenDelayMs = 1_000;

/** Traffic makes the heap grow to its working size once; that is no cost of a stream. */
const warmUpMs = 3_000;

/** So long before memory is read: what opening has left behind comes and goes. */
const settleMs = 2_000;

/** Streams that are being opened at a time: a listening socket keeps a few hundred waiting. */
const openingAtATime = 50;

/** Bytes by which one of many open streams makes a process grow that has worked before. */
export async function measureOpenStreams(): Promise<Readonly<Record<string, number>>> {
  const target = await startTutti(await startBackend({ tokenDelayMs }));
  await runLoad(target.url, manyShort, warmUpMs);
  const before = await eachProcess(target.pids, rssBytes);
  const pool = new Pool(target.url, { connections: openStream.concurrency });
  await openAll(pool, openStream.concurrency);
  await sleep(settleMs);
  const after = await eachProcess(target.pids, rssBytes);
  await pool.destroy();
  const perStream = ([name, bytes]: [string, number]) =>
    [name, (bytes - before[name]!) / openStream.concurrency] as const;
  return Object.fromEntries(Object.entries(after).map(perStream));
}

/** Resolves when each stream has brought its first word. */
async function openAll(pool: Pool, count: number): Promise<void> {
  let left = count;
  const opener = async (): Promise<void> => {
    while (left-- > 0) await openOne(pool);
  };
  await Promise.all(Array.from({ length: openingAtATime }, opener));
}

async function openOne(pool: Pool): Promise<void> {
  const { path, body } = openStream;
  const response = await pool.request({ method: 'POST', path, body });
  // The pool's end is the end of the stream.
  response.body.on('error', () => {});
  await new Promise((resolve) => response.body.once('data', resolve));
}
