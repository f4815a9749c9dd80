import type { VirtualClock } from '@tutti/testing';
import { describe, expect, test } from 'vitest';
import { progress } from '../chunk.ts';
import type { Generate } from '../generate.ts';
import { pause } from '../pause.ts';
import { auto } from './auto.ts';
import { createTurn } from './conversation/turn.ts';
import { crashEverywhere, runToEnd } from './crash-sweep.fixture.ts';
import { debate } from './debate.ts';
import { ensemble } from './ensemble.ts';
import { maestro } from './maestro.ts';
import type { JsonObject } from './json.ts';
import { modelsOf, promptOf } from './models.fixture.ts';
import type { Pattern } from './pattern.ts';
import type { Answer, Question, StepLabel } from './question.ts';
import type { RunEntry } from './run-event.ts';
import { scripted, startRun, untilSettled, virtualClock, type Script } from './run.fixture.ts';
import { asksFor } from './script.fixture.ts';
import { workflow } from './workflow.ts';

const models = modelsOf('a', 'b', 'c', { name: 'j', family: 'judges', sizeBytes: 40e9 });
const names = ['a', 'b', 'c'];
const query = 'How many legs have two spiders?';

const stated = (answer: string): string =>
  JSON.stringify({ quote: '', reasoning: 'I count.', answer, confidence: 0.9 });

const answers: Record<string, string> = { a: '8', b: '16', c: '12', j: '4' };

/** Says what fits what it is asked; no two agree. */
const willing: Script = (call, _asked, step) => {
  if (asksFor(call, 'severalTasks')) return '{"severalTasks": true}';
  if (asksFor(call, 'tasks')) {
    const task = (id: string, role: string) => ({ id, role, task: `do ${id}`, dependencies: [], check: 'it is done' });
    return JSON.stringify({ tasks: [task('t1', 'research'), task('t2', 'creative')] });
  }
  if (asksFor(call, 'steps')) {
    const again = promptOf(call).includes('This step was stopped');
    return JSON.stringify({ steps: again ? [] : [{ specialist: 'research', instruction: 'find it' }] });
  }
  if (asksFor(call, 'pass')) return '{"pass": true, "defects": []}';
  if (asksFor(call, 'better')) return '{"better": "tie"}';
  if (asksFor(call, 'reasoning')) return stated(answers[call.model]!);
  return step === 'sample.1' ? 'Answer: 11' : `Answer: ${answers[call.model]}`;
};

const everybody = (script: Script): Record<string, Script> =>
  Object.fromEntries(models.map(({ name }) => [name, script]));

/** Everybody is willing, and these steps hang. */
const hanging = (steps: RegExp): Record<string, Script> =>
  everybody((call, asked, step) => (steps.test(step) ? undefined : willing(call, asked, step)));

const turn = createTurn({});
const task = (id: string, dependencies: string[] = []) => ({ id, type: 'RESEARCH', content: `do ${id}`, dependencies });
const tasks = [task('w1'), task('w2'), task('w3', ['w1', 'w2'])];

const cases: readonly (readonly [string, Pattern, JsonObject, RegExp])[] = [
  ['a voter', ensemble, { models: names, strategy: 'synthesis' }, /^member\.2$/],
  ['all voters but one', ensemble, { models: names, strategy: 'synthesis' }, /^member\.[23]$/],
  ['a judge of the best', ensemble, { models: names, strategy: 'best-of' }, /^judge\./],
  ['a sample', auto, { models: names }, /^sample\.1$/],
  ['a larger model', auto, { models: names }, /^larger\./],
  ['a debater', debate, { models: names }, /^round-0\.m2$/],
  ['a debater who answers the others', debate, { models: names }, /^round-1\./],
  ['the judge of a debate', debate, { models: names }, /^(judge|synthesis)/],
  ['a planner', maestro, {}, /^plan$/],
  ['a specialist', maestro, {}, /^task\.t2$/],
  ['a critic', maestro, {}, /^task\.t2\.check$/],
  ['who puts it together', maestro, {}, /^synthesis$/],
  ['a task', workflow, { tasks }, /^task\.w2$/],
  ['a specialist of a conversation', turn, {}, /^step\.1/],
  ['the second plan of a conversation', turn, {}, /^(step\.1|plan\.again)/],
];

const elapsedMs = (entries: readonly RunEntry[]): number => entries.at(-1)!.time - entries[0]!.time;

describe('whoever hangs is given up, and the run goes on without it', () => {
  test.each(cases)('%s', async (_, pattern, body, steps) => {
    const input = pattern.parse({ query, ...body }, models);
    const { end, entries } = await runToEnd({ pattern, input, scripts: hanging(steps) });
    expect(end?.state).toBe('COMPLETED');
    expect(end?.result?.text).not.toBe('');
    const asked = entries.flatMap(({ event }) => (event.type === 'asked' && steps.test(event.step) ? event.step : []));
    const told = end?.result?.['degraded'] as readonly string[];
    expect(asked).not.toEqual([]);
    expect(asked.filter((step) => !told.some((line) => line.startsWith(`${step}: it `)))).toEqual([]);
    expect(elapsedMs(entries)).toBeLessThan(asked.length * 130_000);
  });

  test('whatever happens to the process meanwhile', async () => {
    const input = debate.parse({ query, models: names }, models);
    const places = await crashEverywhere({ pattern: debate, input, scripts: hanging(/^round-0\.m2$/) });
    expect(places).toBeGreaterThan(10);
  });
});

const question = (model: string, label: StepLabel, content = 'why?'): Question => ({
  ...{ model, label, messages: [{ role: 'user' as const, content }], maxTokens: 2_000 },
});

/** Asks three at once, or one after the other. */
const asking = (labels: readonly StepLabel[], isTogether: boolean, last = 'why?'): Pattern => ({
  name: 'test',
  parse: (body) => body,
  estimate: () => ({ calls: 1, tokens: 1, models: 1 }),
  async *run(_input, context) {
    yield { kind: 'begun' };
    const ask = (index: number) =>
      context.ask(`s${index}`, question(names[index]!, labels[index]!, index === 2 ? last : 'why?')).answer;
    const texts: string[] = [];
    const hear = async (answer: Promise<Answer>): Promise<void> => {
      texts.push(
        await answer.then(
          ({ text }) => text,
          () => 'nothing',
        ),
      );
    };
    if (isTogether) await Promise.all(labels.map((_, index) => hear(ask(index))));
    else for (const index of labels.keys()) await hear(ask(index));
    return { text: texts.join(', ') };
  },
});

const members = [0, 1, 2].map(() => ({ role: 'member' }));
const specialists = ['research', 'code', 'creative'].map((role) => ({ role }));
const words = (count: number): string => Array.from({ length: count }, (_, index) => `w${index}`).join(' ');

type Wrap = (next: Generate, clock: VirtualClock) => Generate;

const runOf = async (pattern: Pattern, scripts: Record<string, Script>, wrap: Wrap = (next) => next) => {
  const clock = virtualClock();
  const generate = wrap(scripted(clock, scripts, 1_000).generate, clock);
  const { execution, entries } = startRun({ pattern, generate, clock });
  const end = await untilSettled(clock, execution.ended);
  return { text: end.result?.text, elapsedMs: elapsedMs(entries), pending: clock.pending };
};

const slow = { a: () => 'one', b: () => 'two', c: () => words(300) };

test('one of several alike that is far slower is given up, although it talks', async () => {
  const { text, elapsedMs, pending } = await runOf(asking(members, true), slow);
  expect(text).toBe('one, two, nothing');
  expect(elapsedMs).toBe(61_000);
  expect(pending).toBe(0);
});

test.each([
  ['whose work is another', specialists, true],
  ['that was asked after they had answered', members, false],
])('one %s may take long while it talks', async (_, labels, isTogether) => {
  const { text, elapsedMs } = await runOf(asking(labels, isTogether), slow);
  expect(text).toBe(`one, two, ${words(300)}`);
  expect(elapsedMs).toBeGreaterThanOrEqual(300_000);
});

/** The third begins with this, and then is silent for so long. */
const silentFor =
  (silenceMs: number, sign: Parameters<typeof progress>[0]): Wrap =>
  (next, clock) =>
    async function* (call, context) {
      if (call.model === 'c') {
        yield progress(sign);
        await pause(clock, silenceMs, context.signal);
      }
      yield* next(call, context);
    };

const brief = { a: () => words(100), b: () => 'two', c: () => 'three' };
const dispatched = { case: 'dispatched', value: { node: 'n1', reason: 'test', attempt: 1 } } as const;
const long = 'why? '.repeat(3);

test.each([
  ['longer than twice what the slowest took', 201_000, dispatched, 'why?', 'nothing'],
  ['not as long', 199_000, dispatched, 'why?', 'three'],
  ['longer, with more to read', 599_000, dispatched, long, 'three'],
  ['longer than that, too', 751_000, dispatched, long, 'nothing'],
  ['while it waits for its place', 700_000, { case: 'queued', value: { position: 1 } } as const, 'why?', 'three'],
  ['while its model is loaded', 700_000, { case: 'loading', value: {} } as const, 'why?', 'three'],
])('one that is silent %s', async (_, silenceMs, sign, prompt, expected) => {
  const { text } = await runOf(asking(specialists, false, prompt), brief, silentFor(silenceMs, sign));
  expect(text).toBe(`${words(100)}, two, ${expected}`);
});

test('the first call of a run is left to what ends any call', async () => {
  const { text } = await runOf(
    asking([{ role: 'only' }], true),
    { a: () => 'one' },
    (next, clock) =>
      async function* (call, context) {
        yield progress(dispatched);
        await pause(clock, 700_000, context.signal);
        yield* next(call, context);
      },
  );
  expect(text).toBe('one');
});
