import { seededRandom, type Fault } from '@tutti/testing';
import { ask, reasons, type Outcome } from '../ask.ts';
import { startChaosCluster, type ChaosNode } from '../chaos-cluster.ts';
import type { Figure, Result, Size } from '../figure.ts';
import { closedCalls } from '../load.ts';
import { mostByChance, percent } from '../statistics.ts';

const calls = { sample: 250, small: 600, full: 10_000 };

const tokens = 10;
const attempts = 3;
/** Retries a call, and those that are there at first. */
const budget = { ratio: 0.2, floor: 3 };
const kinds: readonly Fault[] = ['http500', 'garbage', 'halfLine'];
/** Ollama's own text says that the runner has died; two such deaths would end a call, as they should. */
const harmless = 'something went wrong';

interface Trial {
  readonly outcomes: readonly Outcome[];
  /** Requests that reached a model server. */
  readonly requests: number;
}

/** F3: model servers answer with an error, with garbage or with half a line, before any token. */
export const faultyRunners: Figure = async (size, seed) => [
  rarely(await trial(size, seed, 0.1, () => true)),
  often(await trial(size, seed + 1, 0.3, () => true)),
  oneOfFour(await trial(size, seed + 2, 0.3, ({ name }) => name === 'node0')),
];

async function trial(size: Size, seed: number, part: number, isFaulty: (node: ChaosNode) => boolean): Promise<Trial> {
  const cluster = await startChaosCluster({
    ...{ nodes: 4, slots: 2, tokens, tokenDelayMs: 2 },
    random: seededRandom(seed),
    keepRequests: Infinity,
  });
  try {
    for (const node of cluster.nodes) if (isFaulty(node)) breakPart(node, part);
    const { url } = cluster.orchestrator;
    const outcomes = await closedCalls(6, calls[size], (call) => ask({ url, call, tokens }));
    const requests = cluster.nodes
      .flatMap(({ fake }) => fake.requests)
      .filter(({ path }) => path === '/api/chat').length;
    return { outcomes, requests };
  } finally {
    await cluster.stop();
  }
}

/** Each kind gets the same part of all requests. */
function breakPart({ fake }: ChaosNode, part: number): void {
  const own = part / kinds.length;
  for (const [before, kind] of kinds.entries()) {
    fake.fail(kind, { times: Infinity, afterTokens: 0, share: own / (1 - own * before), message: harmless });
  }
}

function rarely({ outcomes }: Trial): Result {
  const most = mostByChance(outcomes.length, 0.1 ** attempts);
  return result(outcomes, `10 % of all answers of all model servers are broken: ${attempts} attempts hide it`, most);
}

function oneOfFour({ outcomes }: Trial): Result {
  const most = mostByChance(outcomes.length, 0.001);
  return result(outcomes, '30 % of the answers of one model server of four are broken: the others hide it', most);
}

function often({ outcomes, requests }: Trial): Result {
  const { length } = outcomes;
  const mostRequests = Math.floor((1 + budget.ratio) * length + budget.floor);
  // Every request fails by itself, those of the budget too; what is not spent on retries was not needed.
  const fewest = mostRequests - mostByChance(mostRequests, 0.3) - budget.floor;
  const complete = outcomes.filter(({ fate }) => fate === 'complete').length;
  return {
    figure: 'F3',
    claim:
      '30 % of all answers of all model servers are broken: retries stay within their budget, the rest is told at once',
    trials: length,
    measured: `${requests} attempts, ${percent(complete / length)} answered`,
    bar: `at most ${mostRequests} attempts, at least ${fewest} answered`,
    ok: requests <= mostRequests && complete >= fewest && outcomes.every(isTold),
  };
}

function result(outcomes: readonly Outcome[], claim: string, most: number): Result {
  const failed = outcomes.filter(({ fate }) => fate !== 'complete');
  return {
    figure: 'F3',
    claim,
    trials: outcomes.length,
    measured: `${failed.length} failed${reasons(failed)}`,
    bar: `at most ${most}, all told (chance leaves more once in a million runs)`,
    ok: failed.length <= most && outcomes.every(isTold),
  };
}

const isTold = ({ fate }: Outcome): boolean => fate === 'complete' || fate === 'refused';
