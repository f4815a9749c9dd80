import { expect, test } from 'vitest';
import { ClusterError } from '../error.ts';
import type { Pattern, RunContext } from './pattern.ts';
import type { Answer, Question } from './question.ts';
import type { RunEntry } from './run-event.ts';
import { scripted, startRun, untilSettled, virtualClock, type Script } from './run.fixture.ts';

const question = (model: string, content: string, more: Partial<Question> = {}): Question => ({
  ...{ model, messages: [{ role: 'user', content }], label: { role: 'member' }, maxTokens: 100 },
  ...more,
});

const patternOf = (run: Pattern['run']): Pattern => ({
  name: 'test',
  parse: (body) => body,
  estimate: () => ({ calls: 1, tokens: 1, models: 1 }),
  run,
});

const settled = async (asked: readonly { answer: Promise<Answer> }[]): Promise<string[]> =>
  (await Promise.allSettled(asked.map(({ answer }) => answer)))
    .filter((outcome) => outcome.status === 'fulfilled')
    .map(({ value }) => value.text);

/** Five members of which three decide; then one that puts it together. */
const quorum = patternOf(async function* (_input, context) {
  const asked = ['a', 'b', 'c', 'd', 'e'].map((model) => context.ask(`member.${model}`, question(model, 'why?')));
  const texts: string[] = [];
  await new Promise<void>((resolve) => {
    for (const { answer } of asked) {
      answer.then(
        ({ text }) => {
          texts.push(text);
          if (texts.length === 3) resolve();
        },
        () => {},
      );
    }
  });
  for (const { drop } of asked) drop('enough agree');
  yield { kind: 'vote', texts: [...texts] };
  context.best({ text: texts[0]! });
  const { text } = await context.ask('sum', question('a', texts.join(), { voice: 'answer' })).answer;
  return { text };
});

const words =
  (count: number): Script =>
  () =>
    Array.from({ length: count }, (_, index) => `w${index}`).join(' ');
const fiveModels = { a: words(3), b: words(7), c: words(5), d: words(9), e: words(11) };

const typesOf = (entries: readonly RunEntry[]): string[] => entries.map(({ event }) => event.type);

test('enough answers end the others at the backend, and the run ends with what the pattern returns', async () => {
  const clock = virtualClock();
  const models = scripted(clock, fiveModels);
  const { execution, entries } = startRun({ pattern: quorum, generate: models.generate, clock });
  const end = await untilSettled(clock, execution.ended);
  expect(end).toMatchObject({
    state: 'COMPLETED',
    result: { text: 'w0 w1 w2' },
    spent: { calls: 6, outputTokens: 3 + 6 + 5 + 6 + 7 + 3 },
  });
  expect(models.open()).toBe(0);
  const dropped = entries.filter(({ event }) => event.type === 'dropped').map(({ event }) => event);
  expect(dropped).toMatchObject([
    { step: 'member.d', why: 'enough agree', tokens: { outputTokens: 6 } },
    { step: 'member.e', why: 'enough agree', tokens: { outputTokens: 6 } },
  ]);
  expect(entries.at(-1)!.event.type).toBe('ended');
});

test('after a crash at any place of the journal the run ends the same, and no answered call is made again', async () => {
  const whole: RunEntry[] = [];
  const first = virtualClock();
  const expected = await untilSettled(
    first,
    startRun({ pattern: quorum, generate: scripted(first, fiveModels).generate, clock: first, entries: whole })
      .execution.ended,
  );
  expect(whole.length).toBeGreaterThan(12);
  for (let limit = 1; limit < whole.length; limit++) {
    const entries: RunEntry[] = [];
    const clock = virtualClock();
    const before = startRun({ pattern: quorum, generate: scripted(clock, fiveModels).generate, clock, entries, limit });
    await expect(untilSettled(clock, before.execution.ended)).rejects.toThrow('crashed');
    const answered = new Set(entries.flatMap(({ event }) => (event.type === 'answered' ? [event.step] : [])));
    const models = scripted(clock, fiveModels);
    const after = startRun({ pattern: quorum, generate: models.generate, clock, entries });
    const end = await untilSettled(clock, after.execution.ended);
    expect(end.result, `limit ${limit}`).toEqual(expected.result);
    expect(
      models.asked.filter((step) => answered.has(step)),
      `limit ${limit}`,
    ).toEqual([]);
    expect(typesOf(entries).filter((type) => type === 'ended')).toHaveLength(1);
  }
});

test('a member that fails is told of, and the run goes on without it', async () => {
  const clock = virtualClock();
  const fails = () => new ClusterError('upstream_error', 'it broke');
  const models = scripted(clock, {
    ...fiveModels,
    a: (call, asked, step) => (asked === 1 ? fails() : words(3)(call, asked, step)),
  });
  const { execution } = startRun({ pattern: quorum, generate: models.generate, clock });
  const end = await untilSettled(clock, execution.ended);
  expect(end).toMatchObject({ state: 'COMPLETED', result: { degraded: ['member.a: it broke'] } });
});

test('cancel stops what is open within a turn and keeps the best answer', async () => {
  const clock = virtualClock();
  const models = scripted(clock, fiveModels);
  const { execution } = startRun({ pattern: quorum, generate: models.generate, clock });
  await clock.advance(85);
  expect(models.open()).toBeGreaterThan(0);
  execution.cancel();
  await clock.advance(0);
  expect(models.open()).toBe(0);
  execution.cancel();
  expect(await execution.ended).toMatchObject({ state: 'CANCELLED', result: { text: 'w0 w1 w2' } });
});

test.each([
  ['calls', { maxCalls: 5 }],
  ['tokens', { maxTokens: 40 }],
  ['time', { maxMs: 95 }],
  ['swaps', { maxSwaps: 5 }],
])('a budget without %s ends with the best answer so far', async (resource, budget) => {
  const clock = virtualClock();
  const models = scripted(clock, fiveModels);
  const { execution, entries } = startRun({ pattern: quorum, generate: models.generate, clock, budget });
  const end = await untilSettled(clock, execution.ended);
  if (resource === 'tokens') expect(end.spent.outputTokens).toBeLessThanOrEqual(40);
  else expect(entries.map(({ event }) => event)).toContainEqual({ type: 'exhausted', resource });
  expect(end.state).toBe('COMPLETED');
  expect(end.result?.text).toBeTruthy();
});

test('tokens hold to the token, with calls that wait for what others leave', async () => {
  const clock = virtualClock();
  const models = scripted(clock, fiveModels);
  const { execution } = startRun({ pattern: quorum, generate: models.generate, clock, budget: { maxTokens: 250 } });
  const end = await untilSettled(clock, execution.ended);
  expect(end).toMatchObject({ state: 'COMPLETED', result: { text: 'w0 w1 w2' } });
});

test('the same question is asked once', async () => {
  const clock = virtualClock();
  const models = scripted(clock, { a: words(2) });
  const twice = patternOf(async function* (_input, context) {
    const texts = await settled([context.ask('x', question('a', 'q')), context.ask('y', question('a', 'q'))]);
    yield { kind: 'both', texts };
    return { text: texts.join('|') };
  });
  const { execution, entries } = startRun({ pattern: twice, generate: models.generate, clock });
  expect((await untilSettled(clock, execution.ended)).result).toEqual({ text: 'w0 w1|w0 w1' });
  expect(models.asked).toEqual(['x']);
  expect(entries.map(({ event }) => event)).toContainEqual(expect.objectContaining({ step: 'y', sameAs: 'x' }));
});

test('what is in memory goes first, and the questions of one model stand in a row', async () => {
  const clock = virtualClock();
  const models = scripted(clock, { a: words(1), b: words(1), c: words(1) });
  const all = patternOf(async function* (_input, context: RunContext) {
    const asked = ['a', 'c', 'b', 'a', 'c'].map((model, index) =>
      context.ask(`${model}${index}`, question(model, 'q', { seed: index })),
    );
    await settled(asked);
    yield { kind: 'done' };
    return { text: '' };
  });
  const { execution } = startRun({ pattern: all, generate: models.generate, clock, resident: ['c'] });
  await untilSettled(clock, execution.ended);
  expect(models.asked).toEqual(['c1', 'c4', 'a0', 'a3', 'b2']);
});

test('a pattern that asks something else on its second run is caught', async () => {
  const clock = virtualClock();
  let run = 0;
  const changing = patternOf(async function* (_input, context) {
    run += 1;
    const { text } = await context.ask('x', question('a', `q${run}`)).answer;
    yield { kind: 'said', text };
    return { text: (await context.ask('y', question('a', text)).answer).text };
  });
  const entries: RunEntry[] = [];
  const { generate } = scripted(clock, { a: words(2) });
  const first = startRun({ pattern: changing, generate, clock, entries, limit: 4 });
  await expect(untilSettled(clock, first.execution.ended)).rejects.toThrow('crashed');
  const second = startRun({ pattern: changing, generate, clock, entries });
  const end = await untilSettled(clock, second.execution.ended);
  expect(end).toMatchObject({
    state: 'FAILED',
    error: { message: expect.stringContaining('not deterministic') as string },
  });
});

test('a pattern that tells something else on its second run is caught, whatever it has', async () => {
  const clock = virtualClock();
  let run = 0;
  const changing = patternOf(async function* (_input, context) {
    run += 1;
    context.best({ text: 'so far' });
    yield { kind: 'run', run };
    return { text: (await context.ask('x', question('a', 'q')).answer).text };
  });
  const entries: RunEntry[] = [];
  const { generate } = scripted(clock, { a: words(2) });
  const first = startRun({ pattern: changing, generate, clock, entries, limit: 3 });
  await expect(untilSettled(clock, first.execution.ended)).rejects.toThrow('crashed');
  const second = startRun({ pattern: changing, generate, clock, entries });
  const end = await untilSettled(clock, second.execution.ended);
  expect(end).toMatchObject({
    state: 'FAILED',
    error: { message: expect.stringContaining('not deterministic') as string },
  });
});

test('what was answered before a cut counts, and what comes after it does not', async () => {
  const clock = virtualClock();
  const models = scripted(clock, { a: words(5), b: words(5), c: words(50) });
  const collects = patternOf(async function* (_input, context) {
    const texts: string[] = [];
    const asked = ['a', 'b', 'c'].map((model) => context.ask(model, question(model, 'q')));
    for (const { answer } of asked) {
      texts.push((await answer).text);
      context.best({ text: `${texts.length}` });
      yield { kind: 'count', count: texts.length };
    }
    return { text: 'all' };
  });
  const { execution, entries } = startRun({
    pattern: collects,
    generate: models.generate,
    clock,
    budget: { maxMs: 55 },
    writeMs: 20,
  });
  const end = await untilSettled(clock, execution.ended);
  expect(end).toMatchObject({ state: 'COMPLETED', result: { text: '2' } });
  const replayed = startRun({ pattern: collects, generate: models.generate, clock, entries: entries.slice(0, -1) });
  expect(await untilSettled(clock, replayed.execution.ended)).toEqual(end);
});

test('a person is asked once, is waited for over a crash, and the question expires', async () => {
  const clock = virtualClock();
  const asks = patternOf(async function* (_input, context) {
    const said = await context
      .human('may-i', { prompt: 'May I?', expiresMs: 1_000 })
      .answer.catch(({ reason }) => String(reason));
    yield { kind: 'said', said };
    return { text: JSON.stringify(said) };
  });
  const { generate } = scripted(clock, {});
  const entries: RunEntry[] = [];
  const first = startRun({ pattern: asks, generate, clock, entries });
  await clock.advance(400);
  first.execution.abandon();
  await expect(first.execution.ended).rejects.toThrow('lets go');
  const crashed = structuredClone(entries);

  const second = startRun({ pattern: asks, generate, clock, entries });
  await clock.advance(100);
  expect(second.execution.answer('may-i', true)).toBe(true);
  expect((await untilSettled(clock, second.execution.ended)).result).toEqual({ text: 'true' });
  expect(second.execution.answer('may-i', false)).toBe(false);
  expect(typesOf(entries).filter((type) => type === 'waiting')).toHaveLength(1);

  const third = startRun({ pattern: asks, generate, clock, entries: crashed });
  expect((await untilSettled(clock, third.execution.ended)).result?.text).toBe('"deadline_exceeded"');
});

test('an answer that a crash broke off goes on where the client has it', async () => {
  const clock = virtualClock();
  const long = words(200);
  const speaks = patternOf(async function* (_input, context) {
    const { text } = await context.ask('say', question('a', 'q', { voice: 'answer', maxTokens: 500 })).answer;
    yield { kind: 'said' };
    return { text };
  });
  const entries: RunEntry[] = [];
  const first = startRun({ pattern: speaks, generate: scripted(clock, { a: long }).generate, clock, entries });
  await clock.advance(1_100);
  first.execution.abandon();
  const said = entries.flatMap(({ event }) => (event.type === 'said' ? [event.text] : [])).join('');
  expect(said.length).toBeGreaterThan(100);
  const rest = scripted(clock, {
    a: (call) => {
      const last = call.kind.case === 'chat' ? call.kind.value.messages.at(-1) : undefined;
      expect(last).toMatchObject({ role: 'assistant', parts: [{ kind: { value: said } }] });
      return 'and that is all';
    },
  });
  const second = startRun({ pattern: speaks, generate: rest.generate, clock, entries });
  expect((await untilSettled(clock, second.execution.ended)).result?.text).toBe(`${said}and that is all`);
});
