import { ClusterError, delta, done, throwIfAborted, type Call, type Generate } from '@tutti/core';
import { virtualClock } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import { callWith, collect, contextWith } from '../calls.fixture.ts';
import { createBatches } from './batched.ts';

/** A backend whose vector for a text is its length. "bad" fails the whole request; requests end when the test says so. */
function rigWith({ gated = false } = {}) {
  const clock = virtualClock();
  const requests: string[][] = [];
  const calls: Call[] = [];
  const gates: (() => void)[] = [];
  let aborted = 0;
  const generate: Generate = async function* (call, { signal }) {
    const inputs = call.kind.case === 'embed' ? call.kind.value.inputs : [];
    requests.push(inputs);
    calls.push(call);
    signal.addEventListener('abort', () => (aborted += 1));
    if (gated) await new Promise<void>((resolve) => gates.push(resolve));
    throwIfAborted(signal);
    if (inputs.includes('bad')) throw new ClusterError('invalid_request', 'a bad text');
    for (const [index, text] of inputs.entries()) {
      // In pieces, as they travel.
      yield delta({ embeddings: [{ index, values: [text.length] }] });
      yield delta({ embeddings: [{ index, values: [index] }] });
    }
    yield done({ reason: 'stop', usage: { promptTokens: 100 }, timings: { totalMs: 7 } });
  };
  const { batched, counts } = createBatches(clock);
  const run = batched(generate);
  const embed = (
    inputs: string[],
    options: { signal?: AbortSignal; dimensions?: number; model?: string; raw?: boolean } = {},
  ) => {
    const { signal, dimensions, model = 'e', raw = false } = options;
    const value = { inputs, raw, ...(dimensions !== undefined && { dimensions }) };
    return collect(run(callWith({ model, kind: { case: 'embed', value } }), contextWith(signal)));
  };
  return { clock, requests, calls, gates, counts, embed, run, aborted: () => aborted };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('embeddings of several callers', () => {
  it('are one request, and each gets its own vectors and its part of the count', async () => {
    const { embed, clock, requests, counts } = rigWith();
    const answers = [embed(['aaa', 'b']), embed(['cccc'])];
    await clock.advance(5);
    const [first, second] = await Promise.all(answers);
    expect(requests).toEqual([['aaa', 'b', 'cccc']]);
    expect([first?.vectors, second?.vectors]).toEqual([
      [
        [3, 0],
        [1, 1],
      ],
      [[4, 2]],
    ]);
    expect([first?.done?.usage, second?.done?.usage]).toMatchObject([
      { promptTokens: 50, estimated: true },
      { promptTokens: 50, estimated: true },
    ]);
    expect(counts).toEqual({ calls: 2, requests: 1, inputs: 3, largest: 2 });
  });

  it('gather while an earlier request runs, 64 texts at most', async () => {
    const { embed, clock, requests, gates } = rigWith({ gated: true });
    const answers = [embed(['first'])];
    await clock.advance(5);
    for (let i = 0; i < 5; i++) answers.push(embed(Array.from({ length: 20 }, () => 'x')));
    for (let i = 0; i < 3; i++) {
      await settled();
      gates.shift()?.();
      await settled();
    }
    await Promise.all(answers);
    expect(requests.map(({ length }) => length)).toEqual([1, 60, 40]);
  });

  it('are no more than 256 KB, and one that is larger goes alone', async () => {
    const { embed, clock, requests } = rigWith();
    const answers = [embed(['x'.repeat(300_000)]), embed(['x'.repeat(200_000)]), embed(['x'.repeat(50_000)])];
    await clock.advance(5);
    await Promise.all(answers);
    expect(requests.map(({ length }) => length)).toEqual([1, 2]);
  });

  it('are joined only with their like', async () => {
    const { embed, clock, requests } = rigWith();
    const answers = [embed(['a']), embed(['b'], { dimensions: 64 }), embed(['c']), embed(['d'], { model: 'other' })];
    await clock.advance(5);
    await Promise.all(answers);
    expect(requests.map((inputs) => inputs.join(' ')).toSorted()).toEqual(['a c', 'b', 'd']);
  });

  it('are asked for one by one where they are wanted as the model makes them', async () => {
    const { embed, clock, requests, gates } = rigWith({ gated: true });
    const answers = [embed(['a'], { raw: true }), embed(['b']), embed(['c'], { raw: true }), embed(['d'])];
    await clock.advance(5);
    for (const expected of [['a'], ['b', 'd'], ['c']]) {
      expect(requests.at(-1)).toEqual(expected);
      gates.at(-1)!();
      await settled();
    }
    await Promise.all(answers);
    expect(requests).toHaveLength(3);
  });

  it('ask for the largest context and the longest stay that one of them wants', async () => {
    const { run, calls, clock } = rigWith();
    const call = (min: number, keepAliveMs: number) =>
      callWith({
        model: 'e',
        keepAliveMs,
        numCtx: { min, preferred: 2 * min },
        kind: { case: 'embed', value: { inputs: ['a'] } },
      });
    const answers = [collect(run(call(100, 0), contextWith())), collect(run(call(50, 9_000), contextWith()))];
    await clock.advance(5);
    await Promise.all(answers);
    expect(calls).toMatchObject([{ keepAliveMs: 9_000, numCtx: { min: 100, preferred: 200 } }]);
  });
});

describe('a caller that leaves', () => {
  it('does not hurt the others', async () => {
    const { embed, clock, gates, aborted } = rigWith({ gated: true });
    const controller = new AbortController();
    const answers = [embed(['a'], { signal: controller.signal }), embed(['bb'])];
    await clock.advance(5);
    controller.abort();
    expect((await answers[0])?.error).toMatchObject({ reason: 'client_closed' });
    expect(aborted()).toBe(0);
    gates.shift()!();
    expect((await answers[1])?.vectors).toEqual([[2, 1]]);
  });

  it('as the last one ends the request', async () => {
    const { embed, clock, gates, aborted } = rigWith({ gated: true });
    const controllers = [new AbortController(), new AbortController()];
    const answers = controllers.map(({ signal }) => embed(['a'], { signal }));
    await clock.advance(5);
    for (const controller of controllers) controller.abort();
    gates.shift()!();
    await Promise.all(answers);
    expect(aborted()).toBe(1);
  });

  it('while it waits is never asked for', async () => {
    const { embed, clock, requests } = rigWith();
    const controller = new AbortController();
    const answers = [embed(['a'], { signal: controller.signal }), embed(['b'])];
    controller.abort();
    await clock.advance(5);
    await Promise.all(answers);
    expect(requests).toEqual([['b']]);
  });
});

it('one bad text fails alone: the others are asked for again, one by one', async () => {
  const { embed, clock, requests } = rigWith();
  const answers = [embed(['a']), embed(['bad']), embed(['ccc'])];
  await clock.advance(5);
  const [a, bad, c] = await Promise.all(answers);
  expect([a?.vectors, c?.vectors]).toEqual([[[1, 0]], [[3, 0]]]);
  expect(bad?.error).toMatchObject({ reason: 'invalid_request' });
  expect(requests).toEqual([['a', 'bad', 'ccc'], ['a'], ['bad'], ['ccc']]);
});

it('a backend that is full is not asked again for each of them', async () => {
  const clock = virtualClock();
  let requests = 0;
  const full: Generate = async function* () {
    requests += 1;
    throw new ClusterError('no_slot', 'full');
  };
  const run = createBatches(clock).batched(full);
  const call = callWith({ model: 'e', kind: { case: 'embed', value: { inputs: ['a'] } } });
  const answers = [collect(run(call, contextWith())), collect(run(call, contextWith()))];
  await clock.advance(5);
  expect((await Promise.all(answers)).map(({ error }) => error?.reason)).toEqual(['no_slot', 'no_slot']);
  expect(requests).toBe(1);
});
