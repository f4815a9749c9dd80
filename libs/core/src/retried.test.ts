import { virtualClock } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import { delta, done } from './chunk.ts';
import { createCluster } from './cluster/cluster.ts';
import { dispatched } from './cluster/dispatched.ts';
import { ClusterError, type Reason } from './error.ts';
import type { Generate } from './generate.ts';
import { retried } from './retried.ts';
import { callFor, collect, contextWith, sayHello, stateWith } from './calls.fixture.ts';

/** Fails with `reason` after `words` words. */
const failing = (reason: Reason, words = 0): Generate =>
  async function* () {
    for (let word = 0; word < words; word++) yield delta({ text: `${word} ` });
    throw new ClusterError(reason, `failed with ${reason}`);
  };

function stackOf(nodes: Record<string, Generate>, attempts = 3) {
  const clock = virtualClock();
  const cluster = createCluster({ clock, random: () => 0 });
  for (const [name, generate] of Object.entries(nodes)) cluster.report(name, generate, stateWith({ slots: 2 }));
  return { cluster, clock, generate: retried({ clock, random: () => 0, attempts }, dispatched(cluster, clock)) };
}

describe('before the first delta', () => {
  it('moves to another node, and the client sees one whole answer', async () => {
    const { generate, cluster } = stackOf({ a: failing('upstream_error'), b: sayHello });
    const { kinds, text } = await collect(generate(callFor('m'), contextWith()));
    expect(text).toBe('hello');
    expect(kinds).toEqual(['dispatched', 'retrying', 'dispatched', 'delta', 'done']);
    expect(cluster.nodes.map((node) => node.inFlight)).toEqual([0, 0]);
  });

  it('asks each node once and then tells what the last one said', async () => {
    const { generate } = stackOf({ a: failing('upstream_error'), b: failing('bad_upstream') });
    const { error, kinds } = await collect(generate(callFor('m'), contextWith()));
    expect((error as ClusterError).reason).toBe('bad_upstream');
    expect(kinds.filter((kind) => kind === 'dispatched')).toHaveLength(2);
  });

  it('tells what the cluster says when there is no node to ask', async () => {
    const { error } = await collect(stackOf({}).generate(callFor('m'), contextWith()));
    expect((error as ClusterError).reason).toBe('no_healthy_node');
  });

  it('makes no more attempts than allowed', async () => {
    const broken = failing('upstream_error');
    const { generate } = stackOf({ a: broken, b: broken, c: broken, d: sayHello }, 3);
    const { error, kinds } = await collect(generate(callFor('m'), contextWith()));
    expect((error as ClusterError).reason).toBe('upstream_error');
    expect(kinds.filter((kind) => kind === 'dispatched')).toHaveLength(3);
  });

  it.each<Reason>(['invalid_request', 'context_length_exceeded', 'client_closed', 'poison_request', 'internal'])(
    'does not repeat what no other node could mend: %s',
    async (reason) => {
      const { generate } = stackOf({ a: failing(reason), b: sayHello });
      const { error } = await collect(generate(callFor('m'), contextWith()));
      expect((error as ClusterError).reason).toBe(reason);
    },
  );

  it('waits a little before it asks again, unless the node could not be reached at all', async () => {
    const clock = virtualClock();
    const cluster = createCluster({ clock, random: () => 0 });
    cluster.report('a', failing('upstream_error'), stateWith());
    cluster.report('b', sayHello, stateWith());
    const generate = retried({ clock, random: () => 0.5 }, dispatched(cluster, clock));
    const answer = collect(generate(callFor('m'), contextWith()));
    await clock.advance(49);
    expect(cluster.nodes.find((node) => node.name === 'b')?.inFlight).toBe(0);
    await clock.advance(1);
    expect((await answer).text).toBe('hello');
  });

  it('stops when the client leaves during the pause', async () => {
    const controller = new AbortController();
    const clock = virtualClock();
    const cluster = createCluster({ clock, random: () => 0 });
    cluster.report('a', failing('upstream_error'), stateWith());
    cluster.report('b', sayHello, stateWith());
    const generate = retried({ clock, random: () => 1 }, dispatched(cluster, clock));
    const answer = collect(generate(callFor('m'), contextWith({ signal: controller.signal })));
    await clock.advance(10);
    controller.abort();
    expect(((await answer).error as ClusterError).reason).toBe('client_closed');
  });
});

it('never moves after the first delta', async () => {
  const { generate } = stackOf({ a: failing('upstream_error', 1), b: sayHello });
  const { error, text } = await collect(generate(callFor('m'), contextWith()));
  expect(text).toBe('0 ');
  expect((error as ClusterError).reason).toBe('upstream_error');
});

it('tells that an answer has ended in the middle', async () => {
  const broken: Generate = async function* () {
    yield delta({ text: 'half ' });
  };
  const { error, text } = await collect(stackOf({ a: broken, b: sayHello }).generate(callFor('m'), contextWith()));
  expect(text).toBe('half ');
  expect((error as ClusterError).reason).toBe('bad_upstream');
});

it('holds it against a call when nodes die in the middle of its answers', async () => {
  const deadly: Generate = async function* () {
    yield delta({ text: 'half ' });
    throw new ClusterError('upstream_error', 'llama runner process has terminated');
  };
  const { generate } = stackOf({ a: deadly, b: deadly });
  const reasonOn = async (pin: string): Promise<string> =>
    ((await collect(generate(callFor('m'), contextWith({ pin })))).error as ClusterError).reason;
  expect(await reasonOn('a')).toBe('upstream_error');
  expect(await reasonOn('b')).toBe('poison_request');
});

it('keeps the place in the queue, and spends no attempt, when the agent has no slot', async () => {
  let calls = 0;
  const fullOnce: Generate = async function* (call, context) {
    calls += 1;
    if (calls === 1) throw new ClusterError('no_slot', 'full');
    yield* sayHello(call, context);
  };
  const { generate, clock } = stackOf({ a: fullOnce }, 1);
  const answer = collect(generate(callFor('m'), contextWith()));
  await clock.advance(250);
  expect((await answer).kinds).toEqual(['dispatched', 'queued', 'dispatched', 'delta', 'done']);
});

it('tells that a call waits before it has a node', async () => {
  const { generate, cluster, clock } = stackOf({ a: sayHello });
  const taken = [1, 2, 3].map(() => cluster.request(callFor('m'), contextWith()));
  const answer = collect(generate(callFor('m'), contextWith()));
  await clock.advance(10);
  for (const request of taken) request.release();
  await clock.advance(10);
  expect((await answer).kinds.filter((kind) => kind !== 'queued')).toEqual(['dispatched', 'delta', 'done']);
});

it('gives the slot back when the reader stops reading', async () => {
  const endless: Generate = async function* () {
    for (;;) yield delta({ text: 'on ' });
  };
  const { generate, cluster } = stackOf({ a: endless });
  for await (const { kind } of generate(callFor('m'), contextWith())) if (kind.case === 'delta') break;
  expect(cluster.nodes[0]?.inFlight).toBe(0);
});

it('gives the place back when the reader stops while it waits', async () => {
  const { generate, cluster } = stackOf({ a: sayHello });
  const taken = [1, 2].map(() => cluster.request(callFor('m'), contextWith()));
  for await (const { kind } of generate(callFor('m'), contextWith())) if (kind.case === 'progress') break;
  expect(cluster.waiting).toBe(0);
  for (const request of taken) request.release();
  expect(cluster.nodes[0]?.inFlight).toBe(0);
});

it('passes done through', async () => {
  const { generate } = stackOf({
    a: async function* () {
      yield done({ reason: 'load' });
    },
  });
  expect((await collect(generate(callFor('m'), contextWith()))).kinds).toEqual(['dispatched', 'done']);
});
