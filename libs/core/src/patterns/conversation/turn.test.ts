import { expect, test } from 'vitest';
import { delta, done } from '../../chunk.ts';
import { ClusterError } from '../../error.ts';
import type { Generate } from '../../generate.ts';
import { crashEverywhere, runToEnd } from '../crash-sweep.fixture.ts';
import type { JsonObject } from '../json.ts';
import { modelsOf, promptOf } from '../models.fixture.ts';
import type { RunEntry } from '../run-event.ts';
import { scripted, startRun, untilSettled, virtualClock, type Script } from '../run.fixture.ts';
import { asksFor, userTextOf } from '../script.fixture.ts';
import type { Contribution } from './contribution.ts';
import { usualAskMs } from './tool-use.ts';
import type { Tool, ToolPolicy } from './tool.ts';
import { createTurn } from './turn.ts';

const models = modelsOf({ name: 'm', resident: true });

const adder = (policy: ToolPolicy = 'auto', used: JsonObject[] = []): Tool => ({
  name: 'add',
  description: 'Adds two numbers.',
  parameters: { type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } } },
  policy,
  async run(args) {
    used.push(args);
    if (typeof args.a !== 'number') throw new ClusterError('invalid_request', 'a must be a number.');
    return args.a + Number(args.b);
  },
});

const step = (specialist: string, instruction: string) => ({ specialist, instruction });
const useAdd = (a: unknown, b: unknown): string => JSON.stringify({ name: 'add', arguments: { a, b } });

interface Parts {
  readonly plans?: readonly object[];
  /** What is said to a part, by its first word; with tools, one after the other. */
  readonly work?: Record<string, readonly (string | ClusterError | undefined)[]>;
}

/** A model that plays every part; what it says follows from what it reads. */
function player({ plans = [], work = {} }: Parts): Script {
  return (call) => {
    const prompt = userTextOf(call);
    if (asksFor(call, 'steps')) {
      const again = promptOf(call).includes('This step was stopped');
      return JSON.stringify({ steps: plans[again ? 1 : 0] ?? [] });
    }
    const messages = call.kind.case === 'chat' ? call.kind.value.messages : [];
    const texts = messages.map(({ parts }) => (parts[0]?.kind.case === 'text' ? parts[0].kind.value : ''));
    const part = texts.map((text) => /Your part: (\w+)/.exec(text)?.[1]).find((found) => found !== undefined);
    if (part) return work[part]?.[messages.filter(({ role }) => role === 'assistant').length] ?? `${part} is done`;
    if (texts.some((text) => text.includes('You keep the memory'))) return 'they like rain';
    return prompt.includes('Specialists worked on this') ? 'the final answer' : 'a plain answer';
  };
}

interface More {
  readonly policy?: ToolPolicy;
  readonly body?: JsonObject;
}

const run = (parts: Parts, { policy = 'auto', body = {} }: More = {}) => {
  const used: JsonObject[] = [];
  const pattern = createTurn({ add: adder(policy, used) });
  const input = pattern.parse({ query: 'What is it?', tools: ['add'], ...body }, models);
  return runToEnd({ pattern, input, scripts: { m: player(parts) } }).then((ended) => ({
    ...ended,
    used,
    contributions: (ended.result?.contributions ?? []) as readonly Contribution[],
  }));
};

const states = (contributions: readonly Contribution[]) =>
  contributions.map(({ specialist, state }) => `${specialist} ${state}`);

const plan = [step('analyzer', 'count it'), step('critic', 'check it')];

test('specialists speak in turn, an analyzer is one that reasons, and one answer is heard', async () => {
  const { result, contributions, entries, asked } = await run({ plans: [plan] });
  expect(result?.text).toBe('the final answer');
  expect(contributions).toMatchObject([
    { step: 'step.1', specialist: 'reasoning', instruction: 'count it', model: 'm', content: 'count is done' },
    { step: 'step.2', specialist: 'critic', content: 'check is done', state: 'done' },
  ]);
  expect(asked).toEqual(['plan', 'step.1.1', 'step.2.1', 'answer']);
  const heard = entries.flatMap(({ event }) => (event.type === 'said' && event.voice === 'answer' ? [event.step] : []));
  expect(new Set(heard)).toEqual(new Set(['answer']));
});

test('without steps the coordinator answers by itself; steps of unknown specialists are none', async () => {
  expect((await run({ plans: [[]] })).result?.text).toBe('a plain answer');
  const { result, asked } = await run({ plans: [[step('wizard', 'conjure')]] });
  expect(result?.text).toBe('a plain answer');
  expect(asked).toEqual(['plan', 'plan.repair', 'answer']);
});

test('a tool is used, and its output read', async () => {
  const { contributions, used, notes } = await run({
    plans: [[step('reasoning', 'count it')]],
    work: { count: [useAdd(2, 3), 'it is five'] },
  });
  expect(used).toEqual([{ a: 2, b: 3 }]);
  expect(contributions).toMatchObject([
    { content: 'it is five', tools: [{ tool: 'add', arguments: '{"a":2,"b":3}', outcome: 'done', output: '5' }] },
  ]);
  expect(notes).toContainEqual(expect.objectContaining({ kind: 'tool', tool: 'add', outcome: 'done' }));
});

test('models with functions get tools as functions, and ask for them so', async () => {
  const clock = virtualClock();
  const pattern = createTurn({ add: adder() });
  const input = pattern.parse(
    { query: 'q', tools: ['add'] },
    modelsOf({ name: 'm', capabilities: ['completion', 'tools'] }),
  );
  const say = player({ plans: [[step('reasoning', 'count it')]], work: { count: ['', 'it is five'] } });
  const seen: unknown[] = [];
  const generate: Generate = async function* (call, context) {
    const { messages, tools } = call.kind.case === 'chat' ? call.kind.value : { messages: [], tools: [] };
    if (tools.length > 0 && messages.at(-1)?.role === 'user') {
      seen.push(tools[0]!.name);
      const asked = { index: 0, id: 'c1', name: 'add', argumentsJson: '{"a":1,"b":1}' };
      yield delta({ toolCalls: [asked] });
      yield done({ reason: 'stop', usage: { promptTokens: 1, outputTokens: 1 } });
      return;
    }
    if (messages.at(-1)?.role === 'tool') seen.push(messages.at(-1)!.toolName, messages.at(-2)!.toolCalls[0]?.name);
    yield* scripted(clock, { m: say }).generate(call, context);
  };
  const { execution } = startRun({ pattern, input, generate, clock });
  const end = await untilSettled(clock, execution.ended);
  expect(seen).toEqual(['add', 'add', 'add']);
  expect(end.result).toMatchObject({ contributions: [{ content: 'it is five', tools: [{ output: '2' }] }] });
});

test('a tool that fails, or is asked for wrongly, says so to the model', async () => {
  const wrong = '{"name": "add", "arguments": {"a": "two"}}';
  const { contributions } = await run({
    plans: [[step('reasoning', 'count it')]],
    work: { count: [wrong, 'I cannot'] },
  });
  expect(contributions[0]?.tools).toMatchObject([{ outcome: 'failed', output: 'a must be a number.' }]);
  expect(contributions[0]?.content).toBe('I cannot');
});

test.each([
  ['says nothing', { count: [''] }, 'stalled'],
  ['fails', { count: [new ClusterError('upstream_error', 'it broke')] }, 'failed'],
  ['uses a tool twice in the same way', { count: [useAdd(1, 2), useAdd(1, 2)] }, 'repeated'],
  ['uses tools without end', { count: [1, 2, 3, 4, 5, 6].map((n) => useAdd(n, n)) }, 'overran'],
  ['takes more than its share', { count: [1, 2].map((n) => useAdd(n, 'x '.repeat(1_020))) }, 'overran'],
])('a step that %s is ended, and the rest planned anew', async (_what, work, state) => {
  const { contributions, result, notes } = await run({ plans: [plan, [step('creative', 'guess it')]], work });
  expect(states(contributions)).toEqual([`reasoning ${state}`, 'creative done']);
  expect(result?.text).toBe('the final answer');
  expect(result?.degraded).toContainEqual(`step.1: reasoning was stopped: ${state}`);
  expect(notes.filter(({ kind }) => kind === 'plan')).toHaveLength(2);
});

test('a step that says what the one before said is stopped', async () => {
  const work = { check: ['Count  is DONE'] };
  const { contributions } = await run({ plans: [plan, []], work });
  expect(states(contributions)).toEqual(['reasoning done', 'critic repeated']);
});

test('plans anew once only, and never takes more than the steps of a plan and one', async () => {
  const four = ['a', 'b', 'c', 'd'].map((name) => step('research', name));
  const nothing = Object.fromEntries(four.map(({ instruction }) => [instruction, ['']]));
  const { contributions, asked, result } = await run({ plans: [four, four], work: nothing });
  expect(states(contributions)).toEqual(Array.from({ length: 5 }, () => 'research stalled'));
  expect(asked.filter((id) => id.startsWith('plan'))).toEqual(['plan', 'plan.again']);
  expect(result?.text).toBe('a plain answer');
});

test('what is planned anew is what is left of a plan', async () => {
  const four = ['a', 'b', 'c', 'd'].map((name) => step('research', name));
  const again = ['e', 'f', 'g', 'h'].map((name) => step('code', name));
  const { contributions } = await run({ plans: [four, again], work: { c: [''] } });
  expect(contributions.map(({ instruction }) => instruction)).toEqual(['a', 'b', 'c', 'e', 'f']);
});

test('a tool that must not be used is not shown, and not used', async () => {
  const work = { count: ['{"name": "add", "arguments": {"a": 1, "b": 1}}', 'well then'] };
  const { contributions, used } = await run({ plans: [[step('code', 'count it')]], work }, { policy: 'deny' });
  expect(used).toEqual([]);
  expect(contributions[0]).toMatchObject({ content: 'well then', tools: [{ outcome: 'denied' }] });
});

/** A turn that asks a person before it adds. */
function asking(entries: RunEntry[] = [], askMs?: number) {
  const clock = virtualClock();
  const used: JsonObject[] = [];
  const pattern = createTurn({ add: { ...adder('ask', used), ...(askMs !== undefined && { askMs }) } });
  const input = pattern.parse({ query: 'q', tools: ['add'] }, models);
  const parts = { plans: [[step('code', 'count it')]], work: { count: [useAdd(1, 1), 'well then'] } };
  const { generate } = scripted(clock, { m: player(parts) });
  const { execution } = startRun({ pattern, input, generate, clock, entries });
  return { clock, used, execution, entries };
}

test.each([
  [true, 'done', 1],
  [false, 'denied', 0],
  ['yes', 'denied', 0],
])('a person who says %j: %s', async (word, outcome, times) => {
  const { clock, used, execution, entries } = asking();
  await clock.advance(2_000);
  const waiting = entries.flatMap(({ event }) => (event.type === 'waiting' ? [event] : []));
  expect(waiting).toMatchObject([{ question: { effect: { tool: 'add', arguments: { a: 1, b: 1 } } } }]);
  expect(used).toEqual([]);
  expect(execution.answer(waiting[0]!.step, word)).toBe(true);
  const { result } = await untilSettled(clock, execution.ended);
  expect(result).toMatchObject({ contributions: [{ tools: [{ outcome }] }] });
  expect(used).toHaveLength(times);
});

test('a question survives a restart, and expires', async () => {
  const before = asking();
  await before.clock.advance(2_000);
  before.execution.abandon();
  await expect(before.execution.ended).rejects.toMatchObject({ reason: 'draining' });
  const after = asking(before.entries);
  await after.clock.advance(usualAskMs);
  const { result } = await untilSettled(after.clock, after.execution.ended);
  expect(result).toMatchObject({ text: 'the final answer', contributions: [{ tools: [{ outcome: 'expired' }] }] });
  expect(after.used).toEqual([]);
  expect(after.entries.filter(({ event }) => event.type === 'waiting')).toHaveLength(1);
});

test('a person has as long as the tool says, whatever it says after a restart', async () => {
  const before = asking([], 5_000);
  await before.clock.advance(2_000);
  before.execution.abandon();
  await expect(before.execution.ended).rejects.toMatchObject({ reason: 'draining' });
  const after = asking(before.entries, 60_000);
  const { result } = await untilSettled(after.clock, after.execution.ended);
  expect(result).toMatchObject({ contributions: [{ tools: [{ outcome: 'expired' }] }] });
  expect(after.clock.now()).toBeLessThan(20_000);
});

test('a crash anywhere changes nothing', async () => {
  const pattern = createTurn({ add: adder() });
  const input = pattern.parse({ query: 'q', tools: ['add'] }, models);
  const parts = {
    plans: [plan, [step('creative', 'guess it')]],
    work: { count: [useAdd(1, 2), 'three'], check: [''] },
  };
  const places = await crashEverywhere({ pattern, input, scripts: { m: player(parts) } });
  expect(places).toBeGreaterThan(20);
});

test('a long talk is summarised, and told so', async () => {
  const talk = Array.from({ length: 20 }, (_, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: `${index} ${'word '.repeat(100)}`,
  }));
  const messages = [...talk, { role: 'user', content: 'and now?' }];
  const { result, asked } = await run({ plans: [[]] }, { body: { query: undefined, messages, tools: [] } });
  expect(asked).toEqual(['summary', 'plan', 'answer']);
  expect(result).toMatchObject({ text: 'a plain answer', summary: 'they like rain' });
  expect(result?.summarised).toBeGreaterThan(12);
  expect(result?.summarised).toBeLessThan(21);
});

test.each([
  [{ tools: ['add', 'fly'] }, 'tools'],
  [{ query: ' ' }, 'query'],
  [
    {
      query: undefined,
      messages: [
        { role: 'user', content: 'q' },
        { role: 'assistant', content: 'a' },
      ],
    },
    'messages',
  ],
])('refuses %j', (body, param) => {
  const pattern = createTurn({ add: adder() });
  expect(() => pattern.parse({ query: 'q', ...body }, models)).toThrow(expect.objectContaining({ param }));
});
