import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import type { Done } from '@tutti/proto/tutti/agent/v1/chunk';
import { describe, expect, it } from 'vitest';
import { contextWith } from './calls.fixture.ts';
import { delta, done } from './chunk.ts';
import { ClusterError } from './error.ts';
import { accepted, crash, end, failure, fleetOf, word, type Nodes, type Step } from './failure/fleet.fixture.ts';
import { createRetryBudget } from './failure/retry-budget.ts';
import type { Call, Chunk, Context } from './generate.ts';
import { resumed } from './resumed.ts';

const callWith = (changes: MessageInitShape<typeof CallSchema> = {}): Call =>
  create(CallSchema, {
    model: 'm',
    kind: {
      case: 'chat',
      value: { messages: [{ role: 'user', parts: [{ kind: { case: 'text', value: 'count' } }] }] },
    },
    ...changes,
  });

const dies: readonly Step[] = [accepted, word('one '), 400, word('two '), failure('node_unreachable')];
const goesOn: readonly Step[] = [accepted, word('three'), end];

async function ask(nodes: Nodes, call = callWith(), changes: Partial<Context> = {}) {
  const fleet = fleetOf(nodes);
  const budget = createRetryBudget({ clock: fleet.clock });
  const generate = resumed({ clock: fleet.clock, budget }, fleet.generate);
  const chunks: Chunk[] = [];
  let reason: string | undefined;
  const read = async (): Promise<void> => {
    try {
      for await (const chunk of generate(call, contextWith({ resume: true, ...changes }))) chunks.push(chunk);
    } catch (thrown) {
      ({ reason } = ClusterError.from(thrown));
    }
  };
  const reading = read();
  await fleet.clock.advance(60_000);
  await reading;
  const text = chunks.map(({ kind }) => (kind.case === 'delta' ? kind.value.text : '')).join('');
  const last = chunks.at(-1)?.kind;
  return { text, reason, chunks, attempts: fleet.attempts, end: last?.case === 'done' ? last.value : undefined };
}

const extra = (end: Done | undefined): unknown => (end?.extraJson ? JSON.parse(end.extraJson) : undefined);

describe('an answer that breaks off', () => {
  it('N2: goes on elsewhere, and says where it changed', async () => {
    const { text, reason, attempts, chunks, end } = await ask({ a: dies, b: goesOn });
    expect({ text, reason }).toEqual({ text: 'one two three', reason: undefined });
    expect(attempts.map(({ node }) => node)).toEqual(['a', 'b']);
    expect(extra(end)).toEqual({ tutti_resumed: [{ from: 'a', at: 8 }] });
    const retrying = chunks.flatMap(({ kind }) =>
      kind.case === 'progress' && kind.value.kind.case === 'retrying' ? [kind.value.kind.value] : [],
    );
    expect(retrying).toMatchObject([{ reason: 'resumed', attempt: 1 }]);
  });

  it('N2: stays broken without the wish to go on', async () => {
    const { text, reason } = await ask({ a: dies, b: goesOn }, callWith(), { resume: false });
    expect({ text, reason }).toEqual({ text: 'one two ', reason: 'node_unreachable' });
  });

  it('keeps its place, and does not come back to the node that died', async () => {
    const { attempts } = await ask({ a: dies, b: goesOn });
    const [first, second] = attempts.map(({ context }) => context.ticket);
    expect(second?.place).toBe(first?.place);
    expect(second?.attempt).toBe(2);
    expect([...second!.excluded]).toEqual(['a']);
  });

  it('goes on twice, and not a third time', async () => {
    const says = (text: string): Step[] => [accepted, word(text), failure('upstream_error')];
    const nodes = { a: says('a'), b: says('b'), c: [...goesOn] };
    const { text, end } = await ask(nodes);
    expect(text).toBe('abthree');
    expect(extra(end)).toEqual({
      tutti_resumed: [
        { from: 'a', at: 1 },
        { from: 'b', at: 2 },
      ],
    });
    const { text: broken, reason } = await ask({ ...nodes, c: says('c'), d: goesOn });
    expect({ broken, reason }).toEqual({ broken: 'abc', reason: 'upstream_error' });
  });

  it('C1: is not given to a third node when two have died on it', async () => {
    const { reason, attempts } = await ask({
      a: [accepted, word('a'), crash],
      b: [accepted, word('b'), crash],
      c: goesOn,
    });
    expect(reason).toBe('poison_request');
    expect(attempts).toHaveLength(2);
  });

  it('retries the rest as any call', async () => {
    const { text, attempts } = await ask({ a: dies, b: [accepted, failure('upstream_error')], c: goesOn });
    expect(text).toBe('one two three');
    expect(attempts).toHaveLength(3);
  });

  it('drops what the next node says again', async () => {
    const long = 'once upon a time there was ';
    const again = [accepted, word('a time '), word('there was '), word('a king'), end];
    const { text } = await ask({ a: [accepted, word(long), failure('bad_upstream')], b: again });
    expect(text).toBe(`${long}a king`);
  });
});

describe('what the next node is asked', () => {
  const restOf = async (call: Call): Promise<Call> => (await ask({ a: dies, b: goesOn }, call)).attempts[1]!.call;
  const textsOf = ({ kind }: Call): string[] =>
    kind.case === 'chat'
      ? kind.value.messages.map(
          ({ role, parts }) => `${role}: ${parts.map((part) => part.kind.value as string).join('|')}`,
        )
      : [];

  it('is the conversation with the beginning of the answer', async () => {
    expect(textsOf(await restOf(callWith()))).toEqual(['user: count', 'assistant: one two ']);
  });

  it('is a longer beginning where there was one', async () => {
    const turn = (role: string, value: string) => ({ role, parts: [{ kind: { case: 'text' as const, value } }] });
    const kind = { case: 'chat' as const, value: { messages: [turn('user', 'count'), turn('assistant', 'zero ')] } };
    expect(textsOf(await restOf(callWith({ kind })))).toEqual(['user: count', 'assistant: zero one two ']);
  });

  it('is a longer raw prompt', async () => {
    const rest = await restOf(callWith({ kind: { case: 'completion', value: { prompt: 'zero ', raw: true } } }));
    expect(rest.kind.value).toMatchObject({ prompt: 'zero one two ' });
  });

  it('is the conversation that another prompt stands for', async () => {
    const value = { prompt: 'count', system: 'be brief' };
    const rest = await restOf(callWith({ kind: { case: 'completion', value } }));
    expect(textsOf(rest)).toEqual(['system: be brief', 'user: count', 'assistant: one two ']);
  });

  it('is fewer tokens where they are limited', async () => {
    expect((await restOf(callWith({ numPredict: 10 }))).numPredict).toBe(8);
    expect((await restOf(callWith({ numPredict: -1 }))).numPredict).toBe(-1);
  });

  it('is nothing where the answer is as long as it may be', async () => {
    const { attempts, end, text } = await ask({ a: dies, b: goesOn }, callWith({ numPredict: 2 }));
    expect(attempts).toHaveLength(1);
    expect({ text, reason: end?.reason }).toEqual({ text: 'one two ', reason: 'length' });
  });
});

describe('is left broken', () => {
  const plain = { messages: [{ role: 'user' }] };
  it.each<[string, MessageInitShape<typeof CallSchema>]>([
    ['with tools', { kind: { case: 'chat', value: { ...plain, tools: [{ name: 'f' }] } } }],
    ['with a format', { format: { kind: { case: 'json', value: true } } }],
    ['with log probabilities', { logprobs: 0 }],
    ['with a text that must follow', { kind: { case: 'completion', value: { prompt: 'p', suffix: 's' } } }],
    ['with a template of its own', { kind: { case: 'completion', value: { prompt: 'p', template: 't' } } }],
    ['of vectors', { kind: { case: 'embed', value: { inputs: ['x'] } } }],
  ])('%s', async (_, changes) => {
    const { attempts, reason } = await ask({ a: dies, b: goesOn }, callWith(changes));
    expect(attempts).toHaveLength(1);
    expect(reason).toBe('node_unreachable');
  });

  it.each<[string, Chunk]>([
    ['thoughts', delta({ thinking: 'hm' })],
    ['function calls', delta({ toolCalls: [{ name: 'f' }] })],
  ])('after %s', async (_, chunk) => {
    const { attempts } = await ask({ a: [accepted, word('a'), chunk, failure('node_unreachable')], b: goesOn });
    expect(attempts).toHaveLength(1);
  });

  it('when no other node is there', async () => {
    expect((await ask({ a: dies })).reason).toBe('node_unreachable');
  });

  it("when the fault is the caller's", async () => {
    expect((await ask({ a: [word('a'), failure('invalid_request')], b: goesOn })).attempts).toHaveLength(1);
  });

  it('when it was complete already', async () => {
    const { attempts, reason } = await ask({ a: [word('a'), end, failure('node_unreachable')], b: goesOn });
    expect({ asked: attempts.length, reason }).toEqual({ asked: 1, reason: 'node_unreachable' });
  });
});

it('counts what all parts took: the sum of tokens is exact, and it says that the parts are not', async () => {
  const counted = done({
    reason: 'stop',
    usage: { promptTokens: 12, outputTokens: 5 },
    timings: { outputMs: 100, totalMs: 150, loadMs: 7 },
    extraJson: '{"more":1}',
  });
  const { end } = await ask({ a: dies, b: [accepted, word('three'), counted] });
  expect(end?.usage).toMatchObject({ estimated: true, promptTokens: 10, outputTokens: 7 });
  expect(end?.timings).toMatchObject({ outputMs: 500, totalMs: 550, loadMs: 7 });
  expect(extra(end)).toEqual({ more: 1, tutti_resumed: [{ from: 'a', at: 8 }] });
});

it('changes nothing of an answer that does not break off', async () => {
  const { chunks } = await ask({ a: goesOn });
  expect(chunks.slice(1)).toEqual(goesOn);
});
