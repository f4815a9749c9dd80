import { ClusterError } from '@tutti/core';
import { createEstimates, type NodeFacts, type Option, type RunnerFacts } from '@tutti/core/cluster';
import { createLog } from '@tutti/runtime/log';
import { virtualClock } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import { demandOf, optionOf } from '../observation/decisions.fixture.ts';
import { createPrewarming, freeLoad } from './prewarming.ts';

function nodeOf(name: string, changes: Partial<NodeFacts> = {}, models = ['m', 'n']): NodeFacts {
  const facts = models.map((model) => ({
    ...{ name: model, digest: '', sizeBytes: 1e9, trainedContext: undefined, capabilities: [] },
  }));
  return {
    ...{ name, ready: true, full: false, slots: 4, slotsPerRunner: 1, zombies: 0, memoryBytes: 8e9 },
    ...{ maxRunners: undefined, models: new Map(facts.map((model) => [model.name, model])), runners: [], calls: [] },
    ...{ prompts: new Map(), sameMachine: false, attributes: {}, readySince: 0 },
    ...changes,
  };
}

function runnerOf(model: string, changes: Partial<RunnerFacts> = {}): RunnerFacts {
  return {
    ...{ model, numCtx: undefined, bytes: undefined, slots: 1, runnerOptions: undefined, foreignCalls: 0 },
    ...{ loading: false, loadingSince: undefined, fresh: false, problem: '' },
    ...changes,
  };
}

const perMinute = 1 / 60_000;

function choice(facts: readonly NodeFacts[], rates: Record<string, number>, options?: readonly Option[]) {
  const everywhere = (model: string) => facts.map(({ name }) => optionOf(name, { loadMs: model.length * 100 }));
  return freeLoad({
    ...{ facts, now: 0, estimates: { arrivalRate: (model) => rates[model] ?? 0 } },
    optionsFor: (model) => options ?? everywhere(model),
  });
}

describe('a load ahead', () => {
  it('is of the most wanted model that is nowhere in memory, where it loads soonest', () => {
    const rates = { m: perMinute, n: 2 * perMinute };
    const options = [optionOf('a', { loadMs: 900 }, { numCtx: 4_096 }), optionOf('b', { loadMs: 300 })];
    expect(choice([nodeOf('a'), nodeOf('b')], rates, options)).toEqual({ model: 'n', node: 'b', numCtx: undefined });
    const held = nodeOf('c', { runners: [runnerOf('n')] });
    expect(choice([nodeOf('a'), held], rates, options)).toEqual({ model: 'm', node: 'a', numCtx: 4_096 });
  });

  it('is of none that nobody asks for', () => {
    expect(choice([nodeOf('a')], {})).toBeUndefined();
    expect(choice([nodeOf('a')], { m: perMinute / 11 })).toBeUndefined();
  });

  it('takes nothing out of memory', () => {
    const evicting = optionOf('a', { loadMs: 9 }, { evict: ['x'] });
    expect(choice([nodeOf('a'), nodeOf('b')], { m: 1 }, [evicting])).toBeUndefined();
    expect(choice([nodeOf('a'), nodeOf('b')], { m: 1 }, [evicting, optionOf('b', { loadMs: 50 })])?.node).toBe('b');
  });

  const running = { demand: {}, startedAt: 0 } as NodeFacts['calls'][number];
  it.each<Partial<NodeFacts>>([
    { ready: false },
    { full: true },
    { zombies: 1 },
    { calls: [running] },
    { runners: [runnerOf('x', { foreignCalls: 1 })] },
    { runners: [runnerOf('x', { loading: true })] },
  ])('disturbs no node that has work: %o', (changes) => {
    expect(choice([nodeOf('a', changes)], { m: 1 })).toBeUndefined();
    expect(choice([nodeOf('a', changes), nodeOf('b')], { m: 1 })?.node).toBe('b');
  });
});

describe('the timer', () => {
  function start(result: () => Promise<number> = async () => 700) {
    const clock = virtualClock();
    const loads: unknown[] = [];
    const state = { enabled: true, waiting: 0 };
    const lines: string[] = [];
    const log = createLog({ service: 't', level: 'info', sinks: [({ message }) => void lines.push(message)] });
    const cluster = {
      facts: [nodeOf('a')],
      estimates: { ...createEstimates(), arrivalRate: (model: string) => (model === 'm' ? 1 : 0) },
      get waiting() {
        return state.waiting;
      },
    };
    const prewarming = createPrewarming({
      ...{ cluster, clock, log },
      enabled: () => state.enabled,
      prewarmer: {
        preview: () => ({ demand: demandOf(), options: [optionOf('a', { loadMs: 5 })], exclusions: [] }),
        async prewarm({ model, node = '' }) {
          loads.push([model, node]);
          return { model, node, loadMs: await result(), resident: false, numCtx: undefined, evicted: [] };
        },
      },
    });
    return { clock, loads, state, lines, prewarming };
  }

  it('loads one model after the other, and not the same again at once', async () => {
    const { clock, loads, lines, prewarming } = start();
    await clock.advance(60_000);
    expect([loads, lines]).toEqual([[['m', 'a']], ['model loaded ahead']]);
    await clock.advance(600_000);
    expect(loads).toHaveLength(2);
    prewarming.close();
    expect(clock.pending).toBe(0);
  });

  it('does nothing while it is off, or while calls wait', async () => {
    const { clock, loads, state } = start();
    state.waiting = 1;
    await clock.advance(60_000);
    state.waiting = 0;
    state.enabled = false;
    await clock.advance(60_000);
    expect(loads).toEqual([]);
    state.enabled = true;
    await clock.advance(5_000);
    expect(loads).toHaveLength(1);
  });

  it('goes on after a failure, and stops in the middle of a load', async () => {
    const { clock, lines, loads, prewarming } = start(async () => {
      throw new ClusterError('upstream_error', 'no');
    });
    await clock.advance(5_000 + 600_000 + 5_000);
    expect([lines, loads.length]).toEqual([['model not loaded ahead', 'model not loaded ahead'], 2]);
    prewarming.close();
    expect(clock.pending).toBe(0);
  });
});
