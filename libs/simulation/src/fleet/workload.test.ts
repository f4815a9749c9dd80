import { describe, expect, it } from 'vitest';
import { targetUtilisation, utilisation } from './capacity.ts';
import { canRun, fleet } from './fleet.ts';
import { popularityPeriodMs } from './popularity.ts';
import { heavyTenant, lightTenant, workload, type FleetCall } from './workload.ts';

const durationMs = 1_800_000;
const machines = fleet('n8', 5);
const calls = workload(machines, { seed: 5, load: 0.6, durationMs });

const share = (of: (call: FleetCall) => boolean, among: readonly FleetCall[] = calls): number =>
  among.filter(of).length / among.length;

const modelOf = (call: FleetCall) => machines.models.find(({ name }) => name === call.model)!;

describe('a workload', () => {
  it('is the same for the same seed, and another for another', () => {
    const again = workload(fleet('n8', 5), { seed: 5, load: 0.6, durationMs });
    expect(again).toEqual(calls);
    expect(workload(machines, { seed: 6, load: 0.6, durationMs })).not.toEqual(calls);
  });

  it('comes in order, each call with an id of its own, within the time', () => {
    const times = calls.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(new Set(calls.map(({ id }) => id)).size).toBe(calls.length);
    expect(times.at(-1)).toBeLessThan(durationMs);
  });

  it('is as much work as its load says', () => {
    for (const load of [0.3, 0.85]) {
      const used = utilisation(machines, durationMs);
      for (const call of workload(machines, { seed: 5, load, durationMs })) used.add(modelOf(call), call);
      const wanted = targetUtilisation(machines, load);
      expect(used.value / wanted).toBeGreaterThanOrEqual(1);
      expect(used.value / wanted).toBeLessThan(1.05);
    }
  });

  it('has a light tenant, and bursts of a heavy one on one or two models', () => {
    expect(share(({ tenant }) => tenant === lightTenant)).toBeGreaterThan(0.12);
    expect(share(({ tenant }) => tenant === lightTenant)).toBeLessThan(0.3);
    const bySecond = Map.groupBy(calls, ({ atMs }) => Math.floor(atMs / 15_000));
    const busiest = [...bySecond.values()].toSorted((a, b) => b.length - a.length)[0]!;
    expect(busiest.length).toBeGreaterThan((3 * calls.length) / (durationMs / 15_000));
    const heavy = busiest.filter(({ tenant }) => tenant === heavyTenant);
    expect(heavy.length / busiest.length).toBeGreaterThan(0.5);
  });

  it('asks for other models than before after a while', () => {
    const favourite = (period: number): string => {
      const within = calls.filter(
        ({ atMs, kind }) => kind === 'generate' && Math.floor(atMs / popularityPeriodMs) === period,
      );
      return [...Map.groupBy(within, ({ model }) => model)].toSorted((a, b) => b[1].length - a[1].length)[0]![0];
    };
    const favourites = Array.from({ length: durationMs / popularityPeriodMs }, (_, period) => favourite(period));
    expect(new Set(favourites).size).toBeGreaterThan(3);
  });

  it('mixes wishes for a context, and asks for none that nobody can give', () => {
    for (const wish of [undefined, 4_096, 8_192, 16_384]) {
      expect(
        share(({ numCtx }) => numCtx === wish),
        String(wish),
      ).toBeGreaterThan(0.05);
    }
    for (const call of calls) {
      expect(
        machines.nodes.some((node) => canRun(node, modelOf(call), call.numCtx)),
        call.id,
      ).toBe(true);
      if (call.numCtx !== undefined)
        expect(call.promptTokens + call.outputTokens, call.id).toBeLessThanOrEqual(call.numCtx);
    }
  });

  it('has outputs of many lengths, and embeddings without any', () => {
    const outputs = calls.filter(({ kind }) => kind === 'generate').map(({ outputTokens }) => outputTokens);
    const median = outputs.toSorted((a, b) => a - b)[Math.floor(outputs.length / 2)]!;
    expect(median).toBeGreaterThan(80);
    expect(median).toBeLessThan(140);
    expect(Math.max(...outputs)).toBe(900);
    for (const { kind, outputTokens } of calls) expect(outputTokens === 0).toBe(kind === 'embed');
  });

  it('has conversations whose prompts grow, each the beginning of the next', () => {
    const longest = calls.toSorted((a, b) => b.prefix.length - a.prefix.length)[0]!;
    expect(longest.prefix.length).toBeGreaterThan(4);
    const tokens = longest.prefix.map((mark) => mark.tokens);
    expect(tokens).toEqual(tokens.toSorted((a, b) => a - b));
    expect(tokens.at(-1)).toBe(longest.promptTokens);
    const first = calls.find(({ prefix }) => prefix.at(-1)!.hash === longest.prefix[1]!.hash)!;
    expect(first.prefix).toEqual(longest.prefix.slice(0, 2));
    expect(first.atMs).toBeLessThan(longest.atMs);
    expect(first.numCtx).toBe(longest.numCtx);
  });

  it('shares system prompts between conversations, and nothing else', () => {
    const systems = new Set(calls.filter(({ kind }) => kind === 'generate').map(({ prefix }) => prefix[0]!.hash));
    expect(systems.size).toBe(8);
    const starts = calls.filter(({ prefix, kind }) => kind === 'generate' && prefix.length === 2);
    expect(new Set(starts.map(({ prefix }) => prefix[1]!.hash)).size).toBe(starts.length);
  });
});
