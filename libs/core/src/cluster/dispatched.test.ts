import { create } from '@bufbuild/protobuf';
import { NodeStateSchema } from '@tutti/proto/tutti/agent/v1/state';
import { seededRandom, virtualClock } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import { callFor, contextWith, sayHello } from '../calls.fixture.ts';
import { progress } from '../chunk.ts';
import { ClusterError } from '../error.ts';
import type { Call, Generate } from '../generate.ts';
import { pause } from '../pause.ts';
import { retried } from '../retried.ts';
import { createCluster } from './cluster.ts';
import { dispatched } from './dispatched.ts';

/** A call for 16,384 tokens of context: guessed to take 7.9 GB. */
const large: Call = {
  ...callFor('m'),
  numCtx: { $typeName: 'tutti.agent.v1.ContextWindow', min: 0, preferred: 16_384 },
};

const refusals = {
  ollama: 'model requires more system memory (7.9 GiB) than is available (6.5 GiB)',
  agent: '"m" does not fit into the memory of the machine.',
};

/** Nodes of so many gigabytes, the first of them asked first; what takes less than 7.5 GB cannot run on them. No retry may be paid for. */
function clusterOf(nodes: Record<string, number>, message = refusals.ollama) {
  const clock = virtualClock();
  const [primary = '', ...fallback] = Object.keys(nodes);
  const order = { match: '*', policy: 'primary-fallback', primary, fallback } as const;
  const cluster = createCluster({
    ...{ clock, random: seededRandom(1), routes: () => [order], parameters: { aheadMs: Infinity } },
  });
  const asked: string[] = [];
  for (const [name, gigabytes] of Object.entries(nodes)) {
    const generate: Generate = async function* (call, context) {
      asked.push(name);
      yield progress({ case: 'accepted', value: {} });
      await pause(clock, 50, context.signal);
      if (gigabytes < 7.5) throw new ClusterError('upstream_error', message);
      yield* sayHello(call, context);
    };
    const state = create(NodeStateSchema, {
      models: [{ name: 'm', sizeBytes: 4e9, contextLength: 32_768 }],
      slots: { total: 4, perRunner: 2 },
      modelMemoryBytes: gigabytes * 1e9,
    });
    cluster.report(name, generate, state);
  }
  const budget = { deposit() {}, withdraw: () => false };
  const generate = retried({ clock, random: seededRandom(1), budget }, dispatched(cluster, clock));

  const answer = async (call = large): Promise<string> => {
    const kinds: string[] = [];
    try {
      for await (const { kind } of generate(call, contextWith())) {
        kinds.push((kind.case === 'progress' ? kind.value.kind.case : kind.case) ?? '');
      }
    } catch (thrown) {
      kinds.push(ClusterError.from(thrown).message);
    }
    return kinds.at(-1)!;
  };
  return { clock, cluster, asked, answer };
}

describe('a call whose model is too large for its node', () => {
  it.each(Object.entries(refusals))(
    'goes on elsewhere, at no cost of the budget, as %s words it',
    async (_, message) => {
      const { clock, cluster, asked, answer } = clusterOf({ a: 7, b: 7, c: 7, d: 7, roomy: 8 }, message);
      const first = answer();
      await clock.advance(1_000);
      expect(await first).toBe('done');
      // Two show that it is the model; the others of the size are spared.
      expect(asked).toEqual(['a', 'b', 'roomy']);
      expect(cluster.breakers.calm).toBe(true);
      expect(cluster.inFlight).toBe(0);

      const next = answer();
      await clock.advance(1_000);
      expect(await next).toBe('done');
      expect(asked).toEqual(['a', 'b', 'roomy', 'roomy']);
    },
  );

  it('takes along those who joined its load', async () => {
    const { clock, cluster, asked, answer } = clusterOf({ a: 7, roomy: 8 });
    const all = [answer(), answer(), answer()];
    await clock.advance(1_000);
    expect(await Promise.all(all)).toEqual(['done', 'done', 'done']);
    expect(asked).toEqual(['a', 'a', 'a', 'roomy', 'roomy', 'roomy']);
    expect(cluster.breakers.calm).toBe(true);
  });

  it('is told so when nobody has the memory', async () => {
    const { clock, answer } = clusterOf({ a: 7 });
    const only = answer();
    await clock.advance(10_000);
    expect(await only).toMatch(/^No node can run "m": a: "m:latest" with 16,384 tokens of context needs about 7\.9 GB/);
  });

  it('pays for its retry where it should have been small enough: something else is wrong there', async () => {
    const { clock, asked, answer } = clusterOf({ a: 7, roomy: 8 });
    const small = answer({ ...large, numCtx: { ...large.numCtx!, preferred: 2_048 } });
    await clock.advance(1_000);
    expect(await small).toBe(refusals.ollama);
    expect(asked).toEqual(['a']);
  });
});
