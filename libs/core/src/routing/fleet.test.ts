import { describe, expect, it } from 'vitest';
import type { Demand } from './demand.ts';
import { fleetOf } from './fleet.ts';
import type { NodeFacts } from './node-facts.ts';
import { defaultParameters } from './parameters.ts';
import { optionsFor } from './options-for.ts';
import {
  demand,
  modelFacts,
  nodeFacts,
  plainEstimates,
  planInput,
  runnerFacts,
  runningCall,
} from './routing.fixture.ts';

it('keeps those that have a model in memory in order, as they load and unload it', () => {
  const estimates = plainEstimates();
  const resident = (name: string) => nodeFacts(name, { runners: [runnerFacts('m')] });
  const nodes = [resident('a'), nodeFacts('b'), resident('c'), resident('d')];
  const holders = () => fleetOf(nodes, 0, estimates, defaultParameters).holders('m');

  expect(holders()).toEqual([0, 2, 3]);
  nodes[1] = resident('b');
  expect(holders()).toEqual([0, 1, 2, 3]);
  nodes[2] = nodeFacts('c');
  expect(holders()).toEqual([0, 1, 3]);
  nodes[0] = nodeFacts('a');
  nodes[2] = resident('c');
  expect(holders()).toEqual([1, 2, 3]);
  nodes[0] = resident('a');
  expect(holders()).toEqual([0, 1, 2, 3]);
});

describe('what is kept of a fleet', () => {
  const estimates = () => {
    const kept = plainEstimates();
    return (nodes: readonly NodeFacts[], now = 0) => fleetOf(nodes, now, kept, defaultParameters);
  };
  const nodes = [nodeFacts('b'), nodeFacts('a'), nodeFacts('c')];

  it('has the nodes by name, in whatever order they come', () => {
    const fleet = estimates()(nodes);
    expect(fleet.nodes.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(['a', 'b', 'c', 'z'].map(fleet.indexOf)).toEqual([0, 1, 2, undefined]);
    expect(fleet.everyone).toEqual([0, 1, 2]);
  });

  it('is used again as long as the same nodes come, later or at the same time', () => {
    const of = estimates();
    const first = of(nodes, 10);
    expect(of(nodes, 10)).toBe(first);
    expect(of([...nodes], 20)).toBe(first);
    expect(of([nodes[1]!, nodes[0]!, { ...nodes[2]! }], 20)).toBe(first);
    const earlier = of(nodes, 19);
    expect(earlier).not.toBe(first);
    expect(of(nodes.slice(1), 20)).not.toBe(earlier);
    expect(of(nodes, 20).indexOf('b')).toBe(1);
    const renamed = of([...nodes.slice(1), nodeFacts('d')], 20);
    expect(renamed.indexOf('d')).toBe(2);
    expect(renamed.indexOf('b')).toBeUndefined();
  });

  it('shows the newest facts of each node, and predicts anew what has changed or has come to its end', () => {
    const of = estimates();
    const call = runningCall('m', { firstTokenAt: 0, outputTokens: 50 });
    const busy = nodeFacts('a', { runners: [runnerFacts('m')], calls: [call] });
    const outlookAt = (node: NodeFacts, now: number) => of([node, nodes[0]!], now).outlook(0);
    const first = outlookAt(busy, 0);
    expect(outlookAt(busy, 1_000)).toBe(first);
    // The call's end has passed.
    const late = outlookAt(busy, 2_000);
    expect(late).not.toBe(first);
    const idle = { ...busy, calls: [] };
    expect(outlookAt(idle, 2_000).facts).toBe(idle);
    expect(outlookAt(idle, 900_000)).toBe(outlookAt(idle, 900_000));
  });
});

describe('a model is found', () => {
  const kept = plainEstimates();
  const nodesFor = (asked: Demand, nodes: readonly NodeFacts[]) =>
    optionsFor({ ...planInput(nodes, [], { estimates: kept }), demand: asked }).options.map(
      ({ node, model = asked.model }) => `${node}: ${model}`,
    );
  const holding = (name: string, ...models: [model: string, digest: string][]) =>
    nodeFacts(name, { models: models.map(([model, digest]) => modelFacts(model, { digest })) });

  it('by its digest, where the call names one, under whatever name', () => {
    const [a, b] = [holding('a', ['m', 'old']), holding('b', ['m', 'new'])];
    const nodes = [a, b, holding('c', ['other', 'new']), holding('d', ['before', 'old'])];
    expect(nodesFor(demand('m', { digest: 'new' }), nodes)).toEqual(['b: m', 'c: other']);
    expect(nodesFor(demand('m', { digest: 'old' }), nodes)).toEqual(['a: m', 'd: before']);
    expect(nodesFor(demand('m'), nodes)).toEqual(['a: m', 'b: m', 'c: other', 'd: before']);
    expect(nodesFor(demand('m', { digest: 'none' }), nodes)).toEqual([]);
  });

  it('by its digest, whoever else asked for that by another name', () => {
    const nodes = [holding('a', ['m', 'd']), holding('b', ['copy', 'd'])];
    expect(nodesFor(demand('m', { digest: 'd' }), nodes)).toEqual(['a: m', 'b: copy']);
    const reported = nodes.map((node) => ({ ...node }));
    expect(nodesFor(demand('copy', { digest: 'd' }), reported)).toEqual(['a: m', 'b: copy']);
  });

  it('by its name first, and else by what others know under that name', () => {
    const nodes = [holding('a', ['m', 'd'], ['copy', 'd']), holding('b', ['copy', 'd']), holding('c', ['copy', 'e'])];
    expect(nodesFor(demand('m'), nodes)).toEqual(['a: m', 'b: copy']);
  });

  it('never by a digest that is not known', () => {
    expect(nodesFor(demand('m'), [holding('a', ['m', '']), holding('b', ['other', ''])])).toEqual(['a: m']);
  });

  it('anew once nodes have pulled or removed models', () => {
    const before = [holding('a', ['m', 'd']), holding('b', ['copy', 'e'])];
    expect(nodesFor(demand('m'), before)).toEqual(['a: m']);
    expect(nodesFor(demand('m'), [before[0]!, holding('b', ['copy', 'd'])])).toEqual(['a: m', 'b: copy']);
    expect(nodesFor(demand('m'), [before[0]!, holding('b', ['m', 'd'], ['copy', 'd'])])).toEqual(['a: m', 'b: m']);
    expect(nodesFor(demand('m'), [before[0]!, holding('b', ['m', 'f'])])).toEqual(['a: m', 'b: m']);
    expect(nodesFor(demand('m', { digest: 'd' }), [before[0]!, holding('b', ['m', 'f'])])).toEqual(['a: m']);
    expect(nodesFor(demand('m'), [holding('a', ['x', 'd']), holding('b', ['x', 'f'])])).toEqual([]);
  });
});
