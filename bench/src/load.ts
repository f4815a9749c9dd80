import { Pool } from 'undici';
import type { Work } from './workload.ts';

/** What a client saw. */
export interface Load {
  readonly elapsedMs: number;
  /** From sending a request to the last byte of its answer, one for each request. */
  readonly latenciesMs: readonly number[];
}

/** However fast the target: no run of one kind of work sends more. */
const mostRequests = 20_000;

const usualEnding = '"done":true';

/**
 * A closed loop: each of `work.concurrency` clients sends its next request when it has the whole answer to the one
 * before, until `limitMs` have passed. An answer that is not complete is an error.
 */
export async function runLoad(url: string, work: Work, limitMs: number): Promise<Load> {
  const pool = new Pool(url, { connections: work.concurrency });
  const latenciesMs: number[] = [];
  const startedAt = performance.now();
  const deadline = startedAt + limitMs;
  let sent = 0;
  const client = async (): Promise<void> => {
    while (performance.now() < deadline && sent < mostRequests) {
      sent += 1;
      const sentAt = performance.now();
      await sendOne(pool, work);
      latenciesMs.push(performance.now() - sentAt);
    }
  };
  await Promise.all(Array.from({ length: work.concurrency }, client));
  const elapsedMs = performance.now() - startedAt;
  await pool.destroy();
  return { elapsedMs, latenciesMs };
}

async function sendOne(pool: Pool, { path, body, ending = usualEnding }: Work): Promise<void> {
  const response = await pool.request({ method: 'POST', path, body, headers: { 'content-type': 'application/json' } });
  const pieces: Buffer[] = [];
  for await (const piece of response.body as AsyncIterable<Buffer>) pieces.push(piece);
  const answer = Buffer.concat(pieces);
  if (response.statusCode === 200 && answer.includes(ending)) return;
  throw new Error(`not a complete answer (${response.statusCode}): ${answer.toString('utf8').slice(-300)}`);
}
