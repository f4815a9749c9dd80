import { expect, it } from 'vitest';
import { tracedCall, tracedNode } from './trace.fixture.ts';
import { callFrom, embeddersIn, machineOf } from './traced-world.ts';

it('a machine is as fast as it was measured', () => {
  const { profile, models } = machineOf(tracedNode('x', ['a:latest', 'e:latest'], 2), new Set(['e:latest']));
  const [a, e] = models;
  expect(a).toEqual({ name: 'a:latest', sizeBytes: 4e9, bytesPerToken: 1e5, trainedContext: 8_192, embedding: false });
  expect(e?.embedding).toBe(true);
  expect([profile.prefillSpeed(a!), profile.decodeSpeed(a!), profile.loadMs(a!)]).toEqual([1_000, 100, 8_000]);
  expect(profile).toMatchObject({ name: 'x', memoryBytes: 6e9, parallel: 1 });
});

it('a machine whose memory nobody knows has room for everything', () => {
  const { memoryBytes: _, ...node } = tracedNode('x', ['a']);
  expect(machineOf(node, new Set()).profile.memoryBytes).toBe(Infinity);
});

it('prompts that begin alike share marks up to there, and no more', () => {
  const marks = (prefix: number, prefixTokens: number, promptTokens: number, index: number) =>
    callFrom(tracedCall({ prefix, prefixTokens, promptTokens }), index).prefix;
  const first = marks(3, 300, 300, 0);
  const second = marks(3, 300, 500, 1);
  expect(first.map(({ tokens }) => tokens)).toEqual([128, 256, 300]);
  expect(second.slice(0, 3)).toEqual(first);
  expect(second.at(-1)?.tokens).toBe(500);
  expect(marks(3, 300, 500, 2).at(-1)).not.toEqual(second.at(-1));
  expect(marks(4, 300, 300, 3).some(({ hash }) => first.some((mark) => mark.hash === hash))).toBe(false);
  expect(marks(3, 0, 10, 4)).toHaveLength(1);
});

it('what asked for embeddings generates nothing', () => {
  const call = tracedCall({ model: 'e', embed: true, outputTokens: 9, numCtx: 2_048 });
  expect(callFrom(call, 7)).toMatchObject({
    id: 'call-8',
    kind: 'embed',
    outputTokens: 0,
    model: 'e:latest',
    numCtx: 2_048,
  });
  expect(embeddersIn([call, tracedCall()])).toEqual(new Set(['e:latest']));
});
