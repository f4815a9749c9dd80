import type { Generate } from '@tutti/core';
import type { Budget, JsonObject, PatternName, RunEntry } from '@tutti/core/patterns';
import { seededRandom, scriptedModels, syntheticQuestions } from '@tutti/testing';
import { expect, it } from 'vitest';
import { criticalPathMs } from './critical-path.ts';
import { expectedAnswers } from './early-stop.ts';
import { createStage, modelNamed } from './run-pattern.ts';
import { alike, answered, namesOf, type CastModel, type Contender, type Outcome } from './scripts.ts';
import { playWallTimes } from './wall-time.ts';

const questions = syntheticQuestions({ count: 200, seed: 5 });

function play(
  cast: readonly CastModel[],
  pattern: PatternName,
  body: JsonObject,
  count = 100,
): Promise<readonly Outcome[]> {
  const contender: Contender = { name: pattern, pattern, body };
  return answered({ contender, cast, questions: questions.slice(0, count), seed: 5 });
}

function rightOf(outcomes: readonly Outcome[]): number {
  return outcomes.filter(({ isRight }) => isRight).length / outcomes.length;
}

async function gainOfVoting(correlation: number): Promise<number> {
  const cast = alike(5, { accuracy: 0.75, correlation });
  const vote = { models: namesOf(cast), strategy: 'vote', answerKind: 'number' };
  const voted = await play(cast, 'ensemble', vote, 200);
  return rightOf(voted) - rightOf(await play(cast, 'single', { models: ['m1'] }, 200));
}

it('gains by a vote of five what members do not err alike', async () => {
  expect(await gainOfVoting(0)).toBeGreaterThan(0.1);
  expect(Math.abs(await gainOfVoting(0.8))).toBeLessThan(0.05);
});

it('lets members of a debate change their answers by quotes that the pattern accepts', async () => {
  const flipsOf = async (stubbornness: number): Promise<{ claimed: number; accepted: number }> => {
    const outcomes = await play(alike(3, { accuracy: 0.5, stubbornness }), 'debate', {});
    const flips = outcomes.map(({ played }) => played.end.result?.['flips'] as { claimed: number; accepted: number });
    const sum = (field: 'claimed' | 'accepted') => flips.reduce((total, flip) => total + flip[field], 0);
    return { claimed: sum('claimed'), accepted: sum('accepted') };
  };
  const yielding = await flipsOf(0);
  expect(yielding.claimed).toBeGreaterThan(50);
  expect(yielding.accepted).toBe(yielding.claimed);
  expect(await flipsOf(1)).toEqual({ claimed: 0, accepted: 0 });
});

it('judges as well as it is said to, and a judge that goes by the order decides nothing', async () => {
  const members = alike(2, { accuracy: 0.5 });
  const judged = async (judge: Partial<CastModel>): Promise<number> => {
    const body = { models: namesOf(members), strategy: 'best-of' };
    return rightOf(await play([...members, { name: 'judge', accuracy: 1, ...judge }], 'ensemble', body));
  };
  const some = await judged({ judgement: 1 });
  expect(Math.abs(some - 0.75)).toBeLessThan(0.08);
  expect(await judged({ judgement: 0.5 })).toBeLessThan(some - 0.1);
  const first = rightOf(await play(members, 'single', { models: ['m1'] }));
  expect(await judged({ judgement: 1, positionBias: 1 })).toBe(first);
});

it('plans, works and checks as maestro asks, without a repair of its forms', async () => {
  const outcomes = await play(alike(2, { accuracy: 0.8, plans: true }), 'maestro', {});
  expect(outcomes.flatMap(({ played }) => played.end.result?.['degraded'] ?? [])).toEqual([]);
  const agents = outcomes.map(({ played }) => (played.end.result?.['agents'] ?? []) as { checked: string }[]);
  expect(agents.every(({ length }) => length === 3)).toBe(true);
  const checks = agents.flat();
  const repaired = checks.filter(({ checked }) => checked === 'repaired').length / checks.length;
  expect(Math.abs(repaired - 0.32)).toBeLessThan(0.08);
});

it('fails as often as it is said to', async () => {
  const outcomes = await play([{ name: 'm1', accuracy: 1, failureRate: 0.3 }], 'single', {});
  const failed = outcomes.filter(({ played }) => played.end.state === 'FAILED').length / outcomes.length;
  expect(Math.abs(failed - 0.3)).toBeLessThan(0.1);
  expect(rightOf(outcomes)).toBeCloseTo(1 - failed);
});

it('hears as many answers as its formula says', () => {
  for (const accuracy of [0.5, 0.8]) {
    let expected = 0;
    for (let votes = 0; votes < 2 ** 5; votes++) {
      const right = [...Array(5).keys()].map((index) => (votes >> index) % 2 === 1);
      const chance = right.reduce((product, one) => product * (one ? accuracy : 1 - accuracy), 1);
      const decided = right.findIndex((_, index) => {
        const ayes = right.slice(0, index + 1).filter(Boolean).length;
        return Math.max(ayes, index + 1 - ayes) === 3;
      });
      expected += chance * (decided + 1);
    }
    expect(expectedAnswers(5, accuracy)).toBeCloseTo(expected, 9);
  }
});

it('takes no longer than its slowest calls, one stage after the other', async () => {
  for (const { name, factor } of await playWallTimes(20, 5)) {
    expect(factor, name).toBeLessThan(1.1);
    expect(factor, name).toBeGreaterThan(0.99);
  }
});

it('reads the critical path of a run from its journal', () => {
  const steps = { plan: 10, 'task.t1': 100, 'task.t1.check': 50, 'task.t2': 120, 'task.t3': 30, synthesis: 5 };
  expect(criticalPathMs(Object.entries(steps).map(answeredIn))).toBe(10 + 150 + 30 + 5);
  const rounds = { 'round-0.m1': 80, 'round-0.m2': 60, 'round-1.m2': 60, 'judge.1-2': 7, 'judge.2-1': 9 };
  expect(criticalPathMs(Object.entries(rounds).map(answeredIn))).toBe(80 + 60 + 9);
});

function answeredIn([step, durationMs]: readonly [string, number]): RunEntry {
  const said = { text: 'x', thinking: '', toolCalls: [], reason: 'stop', promptTokens: 1, outputTokens: 1 };
  const answer = { ...said, model: 'm', node: 'n', durationMs };
  return { seq: 1, term: 1, time: 0, event: { type: 'answered', step, answer } };
}

it('keeps every budget to the token', async () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = seededRandom(seed);
    const names = ['single', 'ensemble', 'debate', 'auto', 'maestro'] as const;
    const pattern = names[Math.floor(random() * names.length)]!;
    const budget = { maxTokens: 1 + Math.floor(random() * 400), maxCalls: 1 + Math.floor(random() * 12) };
    const { played, said } = await counted(pattern, budget, seed);
    const { outputTokens, calls } = played.end.spent;
    const run = `${pattern}, seed ${seed}, ${JSON.stringify(budget)}`;
    expect(outputTokens, run).toBe(said);
    expect(outputTokens, run).toBeLessThanOrEqual(budget.maxTokens);
    expect(calls, run).toBeLessThanOrEqual(budget.maxCalls);
  }
});

/** A run, and how many words were said in it. */
async function counted(pattern: PatternName, budget: Partial<Budget>, seed: number) {
  const cast = alike(4, { accuracy: 0.5, stubbornness: 0.2, failureRate: 0.1, plans: true });
  const { clock, play: playRun } = createStage();
  const scripts = scriptedModels({ models: cast, questions, seed, clock });
  let said = 0;
  const generate: Generate = async function* (call, context) {
    for await (const chunk of scripts(call, context)) {
      if (chunk.kind.case === 'delta') said += 1;
      yield chunk;
    }
  };
  const models = cast.map(({ name }) => modelNamed(name));
  const { text } = questions[seed % questions.length]!;
  const played = await playRun({ pattern, body: { query: text }, models, generate, budget });
  return { played, said };
}
