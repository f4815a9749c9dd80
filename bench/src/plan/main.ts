import { costPolicy, createEstimates, defaultParameters, plan, type NodeFacts } from '@tutti/core/cluster';
import { seededRandom } from '@tutti/testing';
import { table } from '../table.ts';
import { modelsOf, nodesOf, waitingCall } from './fleet-of.ts';

/** A plan for some waiting calls on some nodes, and how many microseconds of a processor it may take. */
interface Case {
  readonly nodes: number;
  readonly models: number;
  readonly waiting: number;
  /** Whether all nodes are looked at closely, as for policies that ask for more than the cost. */
  readonly closely?: boolean;
  readonly limitUs?: number;
}

const cases: readonly Case[] = [
  { nodes: 8, models: 12, waiting: 1, limitUs: 10 },
  { nodes: 8, models: 12, waiting: 20 },
  { nodes: 8, models: 12, waiting: 10_000 },
  { nodes: 100, models: 20, waiting: 1 },
  { nodes: 1_000, models: 20, waiting: 1, limitUs: 50 },
  { nodes: 1_000, models: 20, waiting: 20 },
  { nodes: 1_000, models: 20, waiting: 1, closely: true },
];

/** Each figure is the best of so many rounds: what else the machine does only ever makes a round slower. */
const rounds = 9;

/** The clock of a thread is coarse: a round lasts for so long, in milliseconds of the processor. */
const roundMs = 150;

/** Calls arrive one after the other; before each, one node has reported anew. */
function measure({ nodes: count, models: kinds, waiting, closely = false }: Case): number {
  const random = seededRandom(1);
  const models = modelsOf(kinds);
  const nodes: NodeFacts[] = nodesOf(count, models, random);
  const estimates = createEstimates();
  const policy = closely ? { pick: costPolicy().pick } : costPolicy();
  const queue = Array.from({ length: waiting + 100 }, () => waitingCall(models, random, 0));
  let now = 0;

  const one = (): void => {
    now += 0.01;
    const reporting = Math.floor(random() * count);
    nodes[reporting] = { ...nodes[reporting]! };
    const from = Math.floor(random() * 100);
    plan({
      ...{
        now,
        nodes,
        estimates,
        parameters: defaultParameters,
        random,
        room: Infinity,
        queue: queue.slice(from, from + waiting),
      },
      ...{ policyFor: () => policy, allows: () => true },
    });
  };

  const round = (): number => {
    const before = process.threadCpuUsage();
    for (let plans = 1; ; plans += 1) {
      one();
      if (plans % 10 > 0) continue;
      const { user, system } = process.threadCpuUsage(before);
      if (user + system >= roundMs * 1_000) return (user + system) / plans;
    }
  };
  return Math.min(...Array.from({ length: rounds }, round));
}

const figures = cases.map((one) => ({ ...one, us: measure(one) }));
console.log(
  table([
    ['nodes', 'models', 'waiting', 'looked at', 'us a plan', 'limit'],
    ...figures.map(({ nodes, models, waiting, closely, us, limitUs }) => [
      ...[nodes, models, waiting].map(String),
      closely ? 'all' : 'as needed',
      us.toFixed(1),
      String(limitUs ?? ''),
    ]),
  ]),
);
for (const { nodes, us, limitUs = Infinity } of figures) {
  if (us <= limitUs) continue;
  console.error(`BROKEN: a plan for a call on ${nodes} nodes takes ${us.toFixed(1)} us, the limit is ${limitUs} us.`);
  process.exitCode = 1;
}
