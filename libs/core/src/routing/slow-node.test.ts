import { create } from '@bufbuild/protobuf';
import { TimingsSchema, UsageSchema } from '@tutti/proto/tutti/agent/v1/chunk';
import { expect, it } from 'vitest';
import { createEstimates, type LearntEstimates } from './learnt.ts';
import type { NodeFacts } from './node-facts.ts';
import { optionsFor } from './options-for.ts';
import { defaultParameters } from './parameters.ts';
import { demand, modelFacts, nodeFacts, runnerFacts } from './routing.fixture.ts';

const model = modelFacts('m');
const there = nodeFacts('there', { models: [model], runners: [runnerFacts('m')] });
const elsewhere = nodeFacts('elsewhere', { models: [model] });

/** A call that took so many times two seconds. */
function ran(estimates: LearntEstimates, node: NodeFacts, times: number): void {
  estimates.observe({
    ...{ node, demand: demand(), loads: false, expectedCached: 0, complete: true },
    neighbours: { same: 0, other: 0 },
    usage: create(UsageSchema, { promptTokens: 200, cachedTokens: 0, outputTokens: 100 }),
    timings: create(TimingsSchema, { promptMs: 100 * times, outputMs: 1_900 * times }),
  });
}

function used(): LearntEstimates {
  const estimates = createEstimates();
  for (let call = 0; call < 30; call++) ran(estimates, there, 1);
  return estimates;
}

const cheapest = (estimates: LearntEstimates): string =>
  optionsFor({
    ...{ now: 0, nodes: [{ ...there }, { ...elsewhere }], estimates, parameters: defaultParameters, demand: demand() },
    allows: () => true,
  }).options[0]!.node;

it('a node that becomes ten times slower loses its calls to one that never ran the model and has to load it', () => {
  const estimates = used();
  let calls = 0;
  for (; cheapest(estimates) === 'there' && calls < 20; calls++) ran(estimates, there, 10);
  expect(calls).toBeGreaterThan(1);
  expect(calls).toBeLessThanOrEqual(6);
});

it('two slow calls in a row tell of all models of the node, and two quick ones when it is over', () => {
  const other = modelFacts('n', { sizeBytes: 8e9 });
  const node = nodeFacts('there', { models: [model, other], runners: [runnerFacts('m')] });
  const estimates = used();
  const before = estimates.decodeSpeed(node, other);
  ran(estimates, node, 10);
  expect(estimates.decodeSpeed(node, other)).toBeGreaterThan(before / 2);
  ran(estimates, node, 10);
  expect(estimates.decodeSpeed(node, other)).toBeLessThan(before / 7);
  expect(estimates.prefillSpeed(node, model)).toBeLessThan(2_000 / 7);
  for (let call = 0; call < 4; call++) ran(estimates, node, 10);
  ran(estimates, node, 1);
  ran(estimates, node, 1);
  expect(estimates.decodeSpeed(node, other)).toBeGreaterThan(before / 2);
});

it('calls that are slow and quick by turns tell of no change', () => {
  const estimates = used();
  const before = estimates.decodeSpeed(there, model);
  for (let call = 0; call < 6; call++) ran(estimates, there, call % 2 === 0 ? 6 : 1 / 6);
  expect(estimates.decodeSpeed(there, model)).toBeGreaterThan(before / 2);
});

it('says nothing of others of its kind, as long as it is not what it was', () => {
  const estimates = used();
  const before = estimates.decodeSpeed(elsewhere, model);
  for (let call = 0; call < 4; call++) ran(estimates, there, 10);
  expect(estimates.decodeSpeed(elsewhere, model)).toBe(before);
  expect(estimates.decodeSpeed(there, model)).toBeLessThan(before / 2);
});
