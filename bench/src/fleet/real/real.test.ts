import { fleet, workload, type FleetCall } from '@tutti/simulation';
import { startFakeOllama } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import type { Figures } from '../metrics.ts';
import { fleetCall } from '../world.fixture.ts';
import { answersTo, requestOf } from './call-body.ts';
import { agree, medianRatio, ranking, type Comparison } from './compare.ts';
import { replay } from './replay.ts';
import { worldsText } from './report.ts';
import { denserCalls, fasterFleet } from './scaled.ts';

describe('a call of the fleet over HTTP', () => {
  const first = fleetCall({ promptTokens: 90, prefix: [{ hash: 3, tokens: 90 }], outputTokens: 7 });
  const prefix = [...first.prefix, { hash: 1_000, tokens: 140 }];
  const second = fleetCall({ id: 'call-2', atMs: 50, promptTokens: 140, prefix, outputTokens: 12, numCtx: 8_192 });
  const embedding = fleetCall({ id: 'call-3', kind: 'embed', model: 'bge-m3:latest', outputTokens: 0 });
  const textOf = (call: FleetCall): string => {
    const { messages, input } = JSON.parse(requestOf(call).body) as {
      messages?: { content: string }[];
      input?: string;
    };
    return messages?.map(({ content }) => content).join(' ') ?? input!;
  };

  it('has a word for each token, and begins as those do that it shares a beginning with', () => {
    expect([first, second].map((call) => textOf(call).split(' ').length)).toEqual([90, 140]);
    expect(textOf(second).startsWith(textOf(first))).toBe(true);
    expect(JSON.parse(requestOf(second).body)).toMatchObject({ options: { num_ctx: 8_192 } });
    expect(requestOf(embedding).path).toBe('/api/embed');
  });

  it('gets the answer that it has in the simulation, and is measured', async () => {
    const calls = [first, second, embedding];
    const models = [first.model, { name: embedding.model, capabilities: ['embedding' as const] }];
    const speeds = { prefillSpeed: 50_000, decodeSpeed: 10_000 };
    const fake = await startFakeOllama({ ...speeds, models, answer: answersTo(calls), keepRequests: 3 });
    try {
      const { url } = fake;
      const { outcomes, loads } = await replay({ url, fakes: [fake], stop: () => fake.close() }, calls);
      expect(outcomes.map(({ end }) => end)).toEqual(['ended', 'ended', 'ended']);
      expect(outcomes.some(({ otherModel }) => otherModel)).toBe(false);
      for (const { call, firstTokenAtMs, endedAtMs } of outcomes) {
        expect(firstTokenAtMs).toBeGreaterThan(call.atMs - 2);
        expect(endedAtMs).toBeGreaterThanOrEqual(firstTokenAtMs!);
      }
      expect(loads).toBe(3);
    } finally {
      await fake.close();
    }
    expect(answersTo(calls)('#1000 abc').split(' ').filter(Boolean)).toHaveLength(12);
  });

  it('says how a call failed', async () => {
    const fake = await startFakeOllama({ models: [first.model] });
    fake.fail('http500', { times: Infinity });
    const { outcomes } = await replay({ url: fake.url, fakes: [fake], stop: () => fake.close() }, [first]);
    expect(outcomes.map(({ end }) => end)).toEqual(['failed']);
    await fake.close();
  });
});

it('makes machines and arrivals so many times as fast', () => {
  const usual = fleet('n3', 1);
  const quick = fasterFleet(usual, 4);
  const model = usual.models[0]!;
  const [profile, faster] = [usual.nodes[0]!.profile, quick.nodes[0]!.profile];
  expect(faster.decodeSpeed(model) / profile.decodeSpeed(model)).toBeCloseTo(4);
  expect(profile.loadMs(model) / faster.loadMs(model)).toBeCloseTo(4);
  const calls = workload(usual, { seed: 1, load: 0.3, durationMs: 60_000 });
  expect(denserCalls(calls, 4).map(({ atMs }) => atMs * 4)).toEqual(calls.map(({ atMs }) => atMs));
});

describe('two worlds', () => {
  const figures = (ms: number): Figures => {
    const spread = { meanMs: ms, p50Ms: ms, p95Ms: ms, p99Ms: ms };
    return {
      ...{ calls: 10, firstToken: spread, total: spread, lightFirstTokenP95Ms: ms, longestWaitMs: ms, loads: 1 },
      ...{ reloads: 0, evictions: 0, refused: 0, failed: 0, unfinished: 0, truncated: 0, otherModel: 0, hitShare: 0 },
    };
  };
  const found = (real: readonly [number, number]): Comparison[] => [
    { policy: 'cost', virtual: figures(100), real: figures(real[0]) },
    { policy: 'round-robin', virtual: figures(200), real: figures(real[1]) },
  ];

  it('agree when they rank the same and medians are close', () => {
    expect(agree(found([118, 190]))).toBe(true);
    expect(agree(found([125, 200]))).toBe(false);
    expect(agree(found([201, 200]))).toBe(false);
    expect(ranking(found([201, 200]), 'real')).toEqual(['round-robin', 'cost']);
    expect(medianRatio(found([118, 190])[0]!)).toBeCloseTo(1.18);
  });

  it('are shown beside each other', () => {
    const setting = { fleet: 'n3', load: 0.6, seeds: [2], durationMs: 480_000 } as const;
    expect(worldsText(setting, 3, found([118, 190]))).toMatch(/cost +real .* 1\.18\n[^]*: ok$/);
  });
});
