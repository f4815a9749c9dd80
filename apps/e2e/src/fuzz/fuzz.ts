import fc from 'fast-check';
import { faultsOf, longestMs } from './check-answer.ts';
import type { Face } from './documented.ts';
import type { FuzzedCluster } from './fuzzed-cluster.ts';
import { inputsFor, type Input } from './input.ts';

/** Sent at the same time. */
const mostAtOnce = 24;
const runsOfBatch = 80;
/** Time in which a failing input is made smaller. */
const longestBatchMs = 60_000;
/** A machine that others use may be late; what hangs is late each time. */
const triesOfSlow = 3;

export interface Failure {
  readonly face: Face;
  /** These two make the same inputs again: `npm run fuzz -- --face … --seed … --path …`. */
  readonly seed: number;
  readonly path: string;
  readonly what: string;
  readonly inputs: readonly object[];
}

export interface FaceReport {
  readonly face: Face;
  readonly inputs: number;
  readonly seconds: number;
  readonly slowestMs: number;
  /** How often each status was answered. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly heapMib: readonly number[];
  readonly failures: readonly Failure[];
}

interface Options {
  readonly cluster: FuzzedCluster;
  readonly face: Face;
  /** How many at least. */
  readonly inputs: number;
  readonly seed: number;
  /** Of a failure before: only its inputs are sent. */
  readonly path?: string | undefined;
  /** Batches that fail before it ends, 1. */
  readonly mostFailures?: number;
  readonly onBatch?: (sent: number) => void;
}

/** Sends inputs to a face in batches, and looks at every answer; after each batch all must be as it was. */
export async function fuzz({
  cluster,
  face,
  inputs,
  seed,
  path,
  mostFailures = 1,
  onBatch,
}: Options): Promise<FaceReport> {
  const startedAt = performance.now();
  const statuses: Record<string, number> = {};
  const failures: Failure[] = [];
  const heapMib: number[] = [];
  let sent = 0;
  let slowestMs = 0;

  async function check(input: Input): Promise<void> {
    sent++;
    const answer = await cluster.sender.send(input);
    statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
    const faults = faultsOf(input, answer, cluster.documented);
    if (faults.length > 0)
      throw new Error(`${faults.slice(0, 3).join('; ')}\n${answer.status} ${answer.body.slice(0, 500)}`);
    slowestMs = Math.max(slowestMs, answer.ms);
    if (answer.ms > longestMs) await assertQuick(cluster, input);
  }

  /** Those that fail alone; if none does, it takes them all. */
  async function culpritsOf(inputs: readonly Input[]): Promise<readonly Input[]> {
    const culprits: Input[] = [];
    for (const input of inputs) await check(input).catch(() => culprits.push(input));
    return culprits.length > 0 ? culprits : inputs;
  }

  const property = fc.asyncProperty(
    fc.array(inputsFor(face, cluster.documented), { minLength: 1, maxLength: mostAtOnce, size: 'max' }),
    async (all) => {
      const results = await Promise.allSettled(all.map(check));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
    },
  );
  for (let batch = 0; sent < inputs && failures.length < mostFailures; batch++) {
    const details = await fc.check(property, {
      ...{ seed: seed + batch, numRuns: runsOfBatch, interruptAfterTimeLimit: longestBatchMs },
      ...(path !== undefined && { path, endOnFailure: true }),
    });
    if (details.counterexample) failures.push(failureOf(face, details, await culpritsOf(details.counterexample[0])));
    await cluster.assertWell();
    heapMib.push(Math.round((await cluster.heapBytes()) / 2 ** 20));
    onBatch?.(sent);
    if (path !== undefined) break;
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  return { face, inputs: sent, seconds, slowestMs, statuses, heapMib, failures };
}

/** Rejects if the input takes long again and again, with nothing beside it. */
async function assertQuick(cluster: FuzzedCluster, input: Input): Promise<void> {
  const times: number[] = [];
  for (let i = 0; i < triesOfSlow; i++) times.push((await cluster.sender.send(input)).ms);
  const best = Math.min(...times);
  if (best > longestMs) throw new Error(`an answer takes ${Math.round(best)} ms`);
}

function failureOf(face: Face, details: fc.RunDetails<[Input[]]>, culprits: readonly Input[]): Failure {
  const { seed, counterexamplePath, errorInstance } = details;
  return {
    ...{ face, seed, path: counterexamplePath ?? '' },
    what: errorInstance instanceof Error ? errorInstance.message : String(errorInstance),
    inputs: culprits.map(shown),
  };
}

/** An input as a person reads it. A body that is no UTF-8 is told in base64. */
function shown({ operation, method, target, headers, body }: Input): object {
  const text = body?.toString('utf8') ?? '';
  const exact = Buffer.from(text).equals(body ?? Buffer.alloc(0));
  return {
    ...{ operation: operation.id, method, target, headers },
    ...(body && (exact ? { body: text } : { bodyBase64: body.toString('base64') })),
  };
}
