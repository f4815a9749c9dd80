import { create } from '@bufbuild/protobuf';
import { ClusterError, localPrincipal, Priority, Privacy, ticketMachine, type Chunk, type Context } from '@tutti/core';
import { CallSchema, type Call } from '@tutti/proto/tutti/agent/v1/call';
import type { NodeState } from '@tutti/proto/tutti/agent/v1/state';
import { describe, expect, it } from 'vitest';
import type { MachineModel, MachineProfile } from '../machine-profile.ts';
import { createMachine } from '../machine.ts';
import { seededRandom } from '../seeded-random.ts';
import { createTimeline } from '../timeline.ts';
import { createSimulatedNode } from './simulated-node.ts';

const gigabyte = 1e9;

const modelNamed = (name: string, gigabytes = 4): MachineModel => ({
  name: `${name}:latest`,
  sizeBytes: gigabytes * gigabyte,
  bytesPerToken: 100_000,
  trainedContext: 32_768,
  embedding: name === 'vectors',
});

/** Loads in 4 s, reads 1,000 tokens a second, writes 50. Two models fit. */
const profile: MachineProfile = {
  ...{ name: 'box', memoryBytes: 10 * gigabyte, parallel: 2, maxRunners: 4, maxQueue: 512, defaultNumCtx: 4_096 },
  ...{ keepAliveMs: 86_400_000, slowBySame: 0, slowByOthers: 0 },
  prefillSpeed: () => 1_000,
  decodeSpeed: () => 50,
  loadMs: () => 4_000,
};

function rig() {
  const timeline = createTimeline({ settle: () => new Promise((resolve) => setImmediate(resolve)) });
  const models = ['a', 'b', 'c', 'vectors'].map((name) => modelNamed(name));
  const machine = createMachine(profile, models, timeline);
  const node = createSimulatedNode({
    ...{
      name: 'box',
      machine,
      profile,
      models,
      hardware: {},
      bootId: 'boot',
      clock: timeline,
      random: seededRandom(1),
    },
    work: ({ kind }) => ({ promptTokens: 500, prefix: [], outputTokens: kind.case === 'embed' ? 0 : 100 }),
  });
  const start = (call: Call, changes: Partial<Context> = {}) => {
    const answer: { chunks: Chunk[]; kinds: string[]; error?: ClusterError } = { chunks: [], kinds: [] };
    void (async () => {
      try {
        for await (const chunk of node.generate(call, contextWith(changes))) {
          answer.chunks.push(chunk);
          answer.kinds.push(chunk.kind.case === 'progress' ? chunk.kind.value.kind.case! : chunk.kind.case!);
        }
      } catch (thrown) {
        answer.error = ClusterError.from(thrown);
      }
    })();
    return answer;
  };
  return { timeline, machine, node, start };
}

const nextTicket = ticketMachine();

function contextWith(changes: Partial<Context>): Context {
  return {
    ...{
      signal: new AbortController().signal,
      requestId: 'r',
      principal: localPrincipal,
      hops: 0,
      ticket: nextTicket(),
    },
    ...{ priority: Priority.DEFAULT, privacy: Privacy.CLUSTER },
    ...changes,
  };
}

const chat = (model: string, numCtx?: { min?: number; preferred?: number }): Call =>
  create(CallSchema, { model, kind: { case: 'chat', value: {} }, ...(numCtx && { numCtx }) });

describe('a simulated node', () => {
  it('answers as an agent does: what happens, each token, and what it took', async () => {
    const { timeline, start } = rig();
    const answer = start(chat('a'));
    await timeline.run(60_000);
    expect(answer.kinds.filter((kind) => kind !== 'delta')).toEqual(['accepted', 'started', 'loading', 'done']);
    expect(answer.kinds.filter((kind) => kind === 'delta')).toHaveLength(100);
    expect(answer.chunks.at(-1)!.kind.value).toMatchObject({
      usage: { promptTokens: 500, outputTokens: 100 },
      timings: { loadMs: 4_000, promptMs: 500, outputMs: 2_000 },
    });
  });

  it('tells tokens as they come', async () => {
    const { timeline, start } = rig();
    const answer = start(chat('a'));
    await timeline.run(4_500 + 1_010);
    const deltas = answer.kinds.filter((kind) => kind === 'delta').length;
    expect(deltas).toBeGreaterThan(40);
    expect(deltas).toBeLessThanOrEqual(51);
  });

  it('turns texts into vectors', async () => {
    const { timeline, start } = rig();
    const answer = start(create(CallSchema, { model: 'vectors', kind: { case: 'embed', value: { inputs: ['x'] } } }));
    await timeline.run(60_000);
    expect(answer.kinds.slice(-2)).toEqual(['delta', 'done']);
  });

  it('takes one call more than the runner has slots, and no more', async () => {
    const { timeline, start } = rig();
    const answers = [start(chat('a')), start(chat('a')), start(chat('a')), start(chat('a'))];
    await timeline.run(1_000);
    expect(answers.map(({ error }) => error?.reason)).toEqual([undefined, undefined, undefined, 'no_slot']);
    await timeline.run(60_000);
    expect(answers.map(({ kinds }) => kinds.at(-1))).toEqual(['done', 'done', 'done', undefined]);
  });

  it('loads once for all who come meanwhile, and refuses who needs another load', async () => {
    const { timeline, machine, start } = rig();
    const [first, second, other] = [start(chat('a')), start(chat('a')), start(chat('b'))];
    await timeline.run(60_000);
    expect(machine.loads).toBe(1);
    expect([first.kinds.at(-1), second.kinds.at(-1)]).toEqual(['done', 'done']);
    expect(other.error?.reason).toBe('no_slot');
  });

  it('never reloads what is large enough, whatever was preferred', async () => {
    const { timeline, machine, start } = rig();
    start(chat('a', { preferred: 8_192 }));
    await timeline.run(60_000);
    start(chat('a', { min: 4_000, preferred: 16_384 }));
    await timeline.run(120_000);
    expect(machine.loads).toBe(1);
    start(chat('a', { min: 9_000, preferred: 16_384 }));
    await timeline.run(180_000);
    expect([machine.loads, machine.reloads, machine.runners[0]?.numCtx]).toEqual([2, 0, 16_384]);
  });

  it('evicts what it is told to, when its calls have ended, and lets none in meanwhile', async () => {
    const { timeline, machine, node, start } = rig();
    const running = start(chat('a'));
    await timeline.run(5_000);
    const evicting = start(chat('b'), { evict: ['a:latest'] });
    await timeline.run(5_100);
    const late = start(chat('a'));
    await timeline.run(60_000);
    expect(late.error?.reason).toBe('no_slot');
    expect([running.kinds.at(-1), evicting.kinds.at(-1)]).toEqual(['done', 'done']);
    expect(machine.runners.map(({ model }) => model)).toEqual(['b:latest']);
    expect(node.evictions).toBe(1);
  });

  it('gives up waiting for an eviction when the caller leaves', async () => {
    const { timeline, start } = rig();
    start(chat('a'));
    await timeline.run(5_000);
    const controller = new AbortController();
    const evicting = start(chat('b'), { evict: ['a:latest'], signal: controller.signal });
    await timeline.run(5_100);
    controller.abort();
    await timeline.run(5_200);
    const next = start(chat('a'));
    await timeline.run(60_000);
    expect(evicting.error?.reason).toBe('client_closed');
    expect(next.kinds.at(-1)).toBe('done');
  });

  it('stops at once when the caller leaves, and is empty afterwards', async () => {
    const { timeline, machine, start } = rig();
    const controller = new AbortController();
    const answer = start(chat('a'), { signal: controller.signal });
    await timeline.run(5_000);
    controller.abort();
    await timeline.run(6_000);
    expect(answer.error?.reason).toBe('client_closed');
    expect([machine.live, machine.zombies]).toEqual([0, 0]);
  });

  it('fails as its machine does', async () => {
    const { timeline, machine, start } = rig();
    const answers = [start(chat('nope')), start(chat('a'))];
    await timeline.run(5_000);
    machine.crash();
    await timeline.run(6_000);
    expect(answers.map(({ error }) => error?.reason)).toEqual(['model_not_found', 'upstream_error']);
    const again = start(chat('b'));
    await timeline.run(60_000);
    expect(again.kinds.at(-1)).toBe('done');
  });
});

describe('its reports', () => {
  it('come at once, and then 0.2 to 0.5 s after what they show', async () => {
    const { timeline, node, start } = rig();
    const reports: { atMs: number; state: NodeState }[] = [];
    node.watch((state) => reports.push({ atMs: timeline.now(), state }));
    expect(reports[0]!.state).toMatchObject({ modelMemoryBytes: 10 * gigabyte, maxRunners: 4, runners: [] });
    start(chat('a'));
    await timeline.run(60_000);
    const shown = (what: (state: NodeState) => boolean): number => reports.find(({ state }) => what(state))!.atMs;
    const loading = shown((state) => state.loading === 'a:latest');
    const loaded = shown(({ runners }) => runners[0]?.busy === 1);
    const [at, later] = [200, 500];
    expect(loading).toBeGreaterThanOrEqual(at);
    expect(loading).toBeLessThanOrEqual(later);
    expect(loaded).toBeGreaterThanOrEqual(4_000 + at);
    expect(loaded).toBeLessThanOrEqual(4_000 + later);
    expect(reports.at(-1)!.state.runners).toMatchObject([
      { model: 'a:latest', contextLength: 4_096, slots: 2, busy: 0 },
    ]);
  });

  it('end when nobody wants them', async () => {
    const { timeline, node } = rig();
    const stop = node.watch(() => {});
    stop();
    expect(timeline.pending).toBe(0);
  });
});
