import { describe, expect, it } from 'vitest';
import type { Option } from './option.ts';
import { optionsFor } from './options-for.ts';
import { actOf, ended, overlay, served, settle, type LoadAct } from './overlay.ts';
import type { Demand } from './demand.ts';
import { demand, embedding, GB, nodeFacts, plainEstimates, planInput, runnerFacts } from './routing.fixture.ts';

const evicting = nodeFacts('a', { models: ['m', 'x'], runners: [runnerFacts('x', { bytes: 10 * GB })] });
const asked = demand('m');

function act(): LoadAct {
  return actOf(optionOn(), asked, evicting, 'r1', 0, plainEstimates())!;
}

function optionOn(): Option {
  return optionsFor({ ...planInput([evicting], []), demand: asked }).options[0]!;
}

const models = ({ runners }: typeof evicting): string[] => runners.map(({ model }) => model);
const loaded = nodeFacts('a', { models: ['m', 'x'], runners: [runnerFacts('m')] });

describe('overlay', () => {
  it('shows a load before the node does', () => {
    const laid = overlay(evicting, [act()], 0);
    expect(models(laid)).toEqual(['m']);
    expect(laid.runners[0]).toMatchObject({ loading: true, loadingSince: 0, numCtx: 4_096, fresh: true });
  });

  it('shows the runner as it is going to be', () => {
    const loading = runnerFacts('x', { bytes: 3 * GB, loading: true, loadingSince: -2_000 });
    const report = nodeFacts('a', { models: ['m', 'x'], runners: [loading], slotsPerRunner: 3 });
    const actFor = (asked: Demand) => {
      const { options } = optionsFor({ ...planInput([report], []), demand: asked });
      return actOf(options[0]!, asked, report, 'r1', 0, plainEstimates())!;
    };
    const options = { runnerOptions: '{"num_gpu":1}' };
    expect(actFor(demand('m', options))).toMatchObject({
      ...{ requestId: 'r1', node: 'a', evict: [], expiresAt: 3_000 + 5_000 + 60_000 },
      runner: { ...options, slots: 3, numCtx: 4_096, bytes: 4 * GB + 3 * 4_096 * 100_000, loadingSince: 3_000 },
    });
    expect(actFor(embedding())).toMatchObject({ runner: { slots: 1, bytes: 4 * GB + 4_096 * 100_000 } });
  });

  it('is the report itself when there is nothing to lay over it', () => {
    expect(overlay(evicting, [], 0)).toBe(evicting);
    expect(overlay(evicting, [act()], 200_000)).toBe(evicting);
  });

  it('shows what was done last', () => {
    const back = { ...act(), runner: runnerFacts('x'), evict: ['m'] };
    expect(models(overlay(evicting, [act(), back], 0))).toEqual(['x']);
  });

  it('shows the model as loaded once its call has output', () => {
    expect(overlay(evicting, [served(act())], 0).runners[0]).toMatchObject({ loading: false, fresh: false });
  });

  it('is not made for a model that is in memory', () => {
    const { options } = optionsFor({ ...planInput([loaded], []), demand: asked });
    expect(actOf(options[0]!, asked, loaded, 'r1', 0, plainEstimates())).toBeUndefined();
  });
});

describe('settle', () => {
  it('keeps an act until a report shows all of it', () => {
    const both = nodeFacts('a', { runners: [runnerFacts('m'), runnerFacts('x')] });
    expect(settle([act()], evicting, 10)).toHaveLength(1);
    expect(settle([act()], both, 10)).toHaveLength(1);
    expect(settle([act()], loaded, 10)).toEqual([]);
  });

  it('keeps an act until all that had to leave is gone', () => {
    const two = { ...act(), evict: ['x', 'y'] };
    const half = nodeFacts('a', { runners: [runnerFacts('m'), runnerFacts('y')] });
    expect(settle([two], half, 10)).toMatchObject([{ evict: ['y'] }]);
    expect(settle([two], loaded, 10)).toEqual([]);
  });

  it('takes no smaller context for the load, and no other options', () => {
    const small = nodeFacts('a', { runners: [runnerFacts('m', { numCtx: 2_048 })] });
    const other = nodeFacts('a', { runners: [runnerFacts('m', { runnerOptions: '{"num_gpu":1}' })] });
    const silent = nodeFacts('a', { runners: [runnerFacts('m', { numCtx: undefined, runnerOptions: undefined })] });
    expect([small, other, silent].map((report) => settle([act()], report, 10).length)).toEqual([1, 1, 0]);
  });

  it('does not hide a model that came back after it had been seen gone', () => {
    const gone = nodeFacts('a', { models: ['m', 'x'] });
    const [left] = settle([act()], gone, 10);
    expect(models(overlay(evicting, [left!], 20))).toEqual(['x', 'm']);
  });

  it('does not take a model of old for one that was loaded again', () => {
    const takesM = { ...act(), runner: runnerFacts('x'), evict: ['m'] };
    const loadsM = act();
    expect(settle([takesM, loadsM], loaded, 10)).toHaveLength(2);
  });

  it('does not take a model of old for one that was loaded with other options and then again', () => {
    const other = { ...act(), runner: runnerFacts('m', { runnerOptions: '{"num_gpu":1}' }), evict: [] };
    expect(settle([other, act()], loaded, 10)).toHaveLength(2);
  });

  it('drops what no report ever shows, and sooner once the call is over', () => {
    expect(settle([act()], evicting, 64_999)).toHaveLength(1);
    expect(settle([act()], evicting, 65_000)).toEqual([]);
    expect(models(overlay(evicting, [act()], 64_999))).toEqual(['m']);
    expect(overlay(evicting, [act()], 65_000)).toBe(evicting);
    expect(settle([ended(act(), 6_000)], evicting, 15_999)).toHaveLength(1);
    expect(settle([ended(act(), 6_000)], evicting, 16_000)).toEqual([]);
    expect(settle([ended(act(), 64_000)], evicting, 65_000)).toEqual([]);
  });
});
