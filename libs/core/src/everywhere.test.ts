import { create } from '@bufbuild/protobuf';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { describe, expect, it } from 'vitest';
import { callFor, collect, contextWith } from './calls.fixture.ts';
import { done } from './chunk.ts';
import type { Cluster } from './cluster/cluster.ts';
import { everywhere } from './everywhere.ts';
import type { Call, Context, Generate } from './generate.ts';

const unload = create(CallSchema, { model: 'm', keepAliveMs: 0, kind: { case: 'completion', value: {} } });

/** Nodes that have "m" in memory, and what each says to a wish to unload it. */
function setUp(reasons: Readonly<Record<string, string>>) {
  const runners = [{ model: 'm:latest' }];
  const facts = [
    { name: 'other', runners: [{ model: 'other:latest' }] },
    ...Object.keys(reasons).map((name) => ({ name, runners })),
  ] as unknown as Cluster['facts'];
  const asked: (string | undefined)[] = [];
  const node: Generate = async function* (_, { pin }) {
    asked.push(pin);
    yield done({ reason: reasons[pin ?? ''] ?? 'unload', extraJson: pin ?? '' });
  };
  const generate = everywhere({ facts }, node);
  const ask = async (call: Call, changes: Partial<Context> = {}) => {
    const chunks = await Array.fromAsync(generate(call, contextWith(changes)));
    return chunks.map(({ kind }) => kind.value);
  };
  return { ask, asked };
}

describe('a wish to unload a model', () => {
  it('goes to each node that has it in memory, and is answered once', async () => {
    const { ask, asked } = setUp({ a: 'unload', b: 'unload' });
    expect(await ask(unload)).toMatchObject([{ reason: 'unload' }]);
    expect(asked).toEqual(['a', 'b']);
  });

  it('has not been heard while the model stays on one of them', async () => {
    const { ask, asked } = setUp({ a: 'load', b: 'unload' });
    expect(await ask(unload)).toMatchObject([{ reason: 'load', extraJson: 'a' }]);
    expect(asked).toEqual(['a', 'b']);
  });

  it('goes to any node if none has it in memory', async () => {
    const { ask, asked } = setUp({});
    expect(await ask(unload)).toMatchObject([{ reason: 'unload' }]);
    expect(asked).toEqual([undefined]);
  });

  it('goes to the node that it names, or to one of the tier', async () => {
    const { ask, asked } = setUp({ a: 'unload', b: 'unload' });
    await ask(unload, { pin: 'b' });
    await ask(unload, { tier: 1 });
    expect(asked).toEqual(['b', undefined]);
  });
});

it.each<[string, Call]>([
  ['an answer', { ...callFor('m'), keepAliveMs: 0 }],
  ['a load', create(CallSchema, { model: 'm', kind: { case: 'completion', value: {} } })],
])('a wish for %s passes', async (_, call) => {
  const { ask, asked } = setUp({ a: 'unload', b: 'unload' });
  await ask(call);
  expect(asked).toEqual([undefined]);
});

it('a node that fails fails it', async () => {
  const node: Generate = async function* () {
    yield* [];
    throw new Error('away');
  };
  const facts = [{ name: 'a', runners: [{ model: 'm:latest' }] }] as unknown as Cluster['facts'];
  const { error } = await collect(everywhere({ facts }, node)(unload, contextWith()));
  expect(error).toMatchObject({ message: 'away' });
});
