import { virtualClock, seededRandom, type VirtualClock } from '@tutti/testing';
import { stateWith } from '../calls.fixture.ts';
import { createCluster, type Cluster } from '../cluster/cluster.ts';
import { dispatched } from '../cluster/dispatched.ts';
import { delta, done, progress } from '../chunk.ts';
import { ClusterError, type Reason } from '../error.ts';
import type { Call, Chunk, Context, Generate } from '../generate.ts';
import { canonicalModel } from '../model-name.ts';
import { pause } from '../pause.ts';
import type { Clock } from '../ports.ts';
import { retried } from '../retried.ts';
import { throwIfAborted } from '../signal.ts';
import type { Breakers } from './breaker.ts';
import { createQuarantine } from './quarantine.ts';
import { createRetryBudget } from './retry-budget.ts';

/** What a scripted node does next: sends a chunk, fails, or waits so many milliseconds. */
export type Step = Chunk | ClusterError | number;

export const accepted = progress({ case: 'accepted', value: { waiting: 0 } });
export const word = (text: string): Chunk => delta({ text });
export const end = done({ reason: 'stop' });
export const hello: readonly Step[] = [accepted, word('hello'), end];
export const failure = (reason: Reason, message = `failed with ${reason}`): ClusterError =>
  new ClusterError(reason, message);
/** The process that ran the call is gone. */
export const crash = failure('upstream_error', 'llama runner process has terminated: exit status 2');

/** A node that does the same for every call. */
export function scripted(clock: Clock, steps: readonly Step[]): Generate {
  return async function* (_call, { signal }) {
    for (const step of steps) {
      if (typeof step === 'number') await pause(clock, step, signal);
      throwIfAborted(signal);
      if (step instanceof ClusterError) throw step;
      if (typeof step !== 'number') yield step;
    }
  };
}

/** What was asked of which node. */
export interface Attempt {
  readonly node: string;
  readonly call: Call;
  readonly context: Context;
}

/** Nodes by name: what each does, by itself or for a call. */
export type Nodes = Record<string, readonly Step[] | Generate>;

export interface Fleet {
  readonly clock: VirtualClock;
  readonly cluster: Cluster;
  readonly breakers: Breakers;
  readonly attempts: Attempt[];
  /** Runs a call on one node. */
  readonly dispatch: Generate;
  /** As `dispatch`, with retries. */
  readonly generate: Generate;
  /** Times that a node was asked. */
  asked(node: string): number;
}

/** A cluster of machines that do as they are told. Each has the models in memory; they are asked in the order of their names here. */
export function fleetOf(nodes: Nodes, models: readonly string[] = ['m', 'other'], seed = 1): Fleet {
  const clock = virtualClock();
  const random = seededRandom(seed);
  const names = Object.keys(nodes);
  const order = { match: '*', policy: 'primary-fallback', primary: names[0]!, fallback: names.slice(1) } as const;
  const cluster = createCluster({ clock, random, routes: () => [order] });
  const attempts: Attempt[] = [];
  for (const [node, script] of Object.entries(nodes)) {
    const act = typeof script === 'function' ? script : scripted(clock, script);
    const generate: Generate = (call, context) => {
      attempts.push({ node, call, context });
      return act(call, context);
    };
    cluster.report(node, generate, stateWith({ models, resident: models.map(canonicalModel), slots: 1_000 }));
  }
  const dispatch = dispatched(cluster, clock);
  const shared = { budget: createRetryBudget({ clock }), quarantine: createQuarantine({ clock }) };
  const generate = retried({ clock, random, ...shared }, dispatch);
  const asked = (node: string): number => attempts.filter((attempt) => attempt.node === node).length;
  return { clock, cluster, breakers: cluster.breakers, attempts, dispatch, generate, asked };
}
