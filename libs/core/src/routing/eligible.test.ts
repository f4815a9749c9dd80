import { describe, expect, it } from 'vitest';
import { Privacy } from '../generate.ts';
import type { Demand } from './demand.ts';
import { obstacle, type Terms } from './eligible.ts';
import type { NodeFacts } from './node-facts.ts';
import { defaultParameters } from './parameters.ts';
import { demand, embedding, GB, modelFacts, nodeFacts, plainEstimates, runnerFacts } from './routing.fixture.ts';

const terms: Terms = {
  excluded: new Set(),
  requires: [],
  estimates: plainEstimates(),
  parameters: defaultParameters,
  allows: () => true,
};

const why = (node: NodeFacts, asked: Demand = demand(), changes: Partial<Terms> = {}): [string, string] | undefined => {
  const found = obstacle(node, asked, { ...terms, ...changes });
  return found && [found.kind, found.reason];
};

describe('a node cannot run a call', () => {
  const node = nodeFacts('a');

  it.each<[string, string, NodeFacts, Demand, Partial<Terms>]>([
    ['node', 'the call asks for node "b"', node, demand('m', { node: 'b' }), {}],
    ['tier', 'the call asks for tier 1; this node has no tier', node, demand('m', { tier: 1 }), {}],
    [
      'tier',
      'the call asks for tier 1; this node is in tier 0',
      nodeFacts('a', { attributes: { tier: 0 } }),
      demand('m', { tier: 1 }),
      {},
    ],
    ['privacy', "the call may not leave the orchestrator's machine", node, demand('m', { privacy: Privacy.LOCAL }), {}],
    [
      'privacy',
      'the call may not go to a cloud account',
      nodeFacts('a', { attributes: { trust: 'cloud' } }),
      demand(),
      {},
    ],
    [
      'privacy',
      'the call may not go to a cloud account',
      nodeFacts('a', { models: [modelFacts('m', { cloud: true })] }),
      demand(),
      {},
    ],
    [
      'privacy',
      "the call may not leave the orchestrator's machine",
      nodeFacts('a', { sameMachine: true, models: [modelFacts('m', { cloud: true })] }),
      demand('m', { privacy: Privacy.LOCAL }),
      {},
    ],
    [
      'requires',
      'its route requires "gpu", "x=1", which the node does not have',
      node,
      demand(),
      { requires: ['gpu', 'x=1'] },
    ],
    ['failed', 'it has failed this call already', node, demand(), { excluded: new Set(['a']) }],
    ['no-model', 'it does not have "n"', node, demand('n'), {}],
    [
      'digest',
      'its "m" is not the version that was asked for',
      nodeFacts('a', { models: [modelFacts('m', { digest: 'd' })] }),
      demand('m', { digest: 'e' }),
      {},
    ],
    [
      'capability',
      '"m" does not support tools, vision',
      nodeFacts('a', { models: [modelFacts('m', { capabilities: ['completion'] })] }),
      demand('m', { capabilities: ['completion', 'tools', 'vision'] }),
      {},
    ],
    [
      'context',
      'the prompt has about 70,000 tokens; "m" takes 32,768',
      node,
      demand('m', { promptTokens: 70_000 }),
      {},
    ],
    [
      'memory',
      '"m" with 4,096 tokens of context needs about 4.4 GB; the node has 4.2 GB for models',
      nodeFacts('a', { memoryBytes: 4.2 * GB }),
      demand(),
      {},
    ],
    ['not-ready', 'it takes no calls now', nodeFacts('a', { ready: false }), demand(), {}],
    [
      'breaker',
      'calls of "m" have failed there; one is let through later, to try it',
      node,
      demand(),
      { allows: () => false },
    ],
    [
      'problem',
      'its "m" shows no sign of life: no token for 20 s',
      nodeFacts('a', { runners: [runnerFacts('m', { problem: 'no token for 20 s' })] }),
      demand(),
      {},
    ],
  ])('%s: %s', (kind, reason, given, asked, changes) => {
    expect(why(given, asked, changes)).toEqual([kind, reason]);
  });
});

describe('a node can run a call', () => {
  it('whose model says nothing of what it can do', () => {
    expect(why(nodeFacts('a'), demand('m', { capabilities: ['completion', 'tools'] }))).toBeUndefined();
  });

  it('that embeds with a model that completes, but not the other way round', () => {
    const completes = nodeFacts('a', { models: [modelFacts('m', { capabilities: ['completion'] })] });
    const embeds = nodeFacts('a', { models: [modelFacts('m', { capabilities: ['embedding'] })] });
    expect(why(completes, embedding())).toBeUndefined();
    expect(why(embeds, demand())?.[0]).toBe('capability');
  });

  it('whose estimate is a little over the context: it may be wrong', () => {
    expect(why(nodeFacts('a'), demand('m', { promptTokens: 40_000 }))).toBeUndefined();
  });

  it('whose model is in memory, however little there is', () => {
    const warm = nodeFacts('a', { memoryBytes: 1, runners: [runnerFacts('m')] });
    expect(why(warm)).toBeUndefined();
    expect(why(warm, demand('m', { numCtx: 8_192 }))?.[0]).toBe('memory');
  });

  it('whose memory is too small by a guess alone, as long as the weights fit', () => {
    const guessed = plainEstimates({ leastBytes: (_node, { sizeBytes = 0 }) => sizeBytes });
    const tight = (memoryBytes: number) => why(nodeFacts('a', { memoryBytes }), demand(), { estimates: guessed })?.[0];
    expect(tight(4.2 * GB)).toBeUndefined();
    expect(tight(3.9 * GB)).toBe('memory');
  });

  it('with what its route requires, in any of its attributes', () => {
    const attributes = { type: 'gpu', platform: 'linux', capabilities: ['cuda'], labels: { rack: '7' } };
    const requires = ['gpu', 'linux', 'cuda', 'rack', 'rack=7'];
    expect(why(nodeFacts('a', { attributes }), demand(), { requires })).toBeUndefined();
    expect(why(nodeFacts('a', { attributes }), demand(), { requires: ['rack=8'] })?.[0]).toBe('requires');
  });

  it('that asks for more context than the model was trained for: it gets what there is', () => {
    expect(why(nodeFacts('a'), demand('m', { numCtx: 1e9 }))).toBeUndefined();
  });
});

it('a model too large for the GPU is no obstacle where it can reach into the memory of the machine', () => {
  const models = [modelFacts('m', { sizeBytes: 20 * GB })];
  expect(why(nodeFacts('a', { models, memoryBytes: 8 * GB }))?.[0]).toBe('memory');
  expect(why(nodeFacts('a', { models, memoryBytes: 8 * GB, spillBytes: 48 * GB }))).toBeUndefined();
});
