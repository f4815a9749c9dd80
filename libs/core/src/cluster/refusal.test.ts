import { describe, expect, it } from 'vitest';
import { stateWith } from '../calls.fixture.ts';
import type { Obstacle, ObstacleKind } from '../routing/eligible.ts';
import type { NodeView } from './node-view.ts';
import { isCooling, mayPass, refusal } from './refusal.ts';

const obstacle = (node: string, kind: ObstacleKind, reason = `${kind} there`): Obstacle => ({ node, kind, reason });

function nodeView(name: string, changes: Partial<NodeView> = {}): NodeView {
  return {
    ...{ name, state: stateWith(), reportedAt: 0, ready: true, cordoned: false, full: false },
    ...{ inFlight: 0, inFlightByModel: new Map(), ...changes },
  };
}

const nodes = [nodeView('b'), nodeView('a')];

const told = (obstacles: readonly Obstacle[], pin?: string, views = nodes) => {
  const { reason, message } = refusal('m', pin, obstacles, views);
  return { reason, message };
};

describe('a refusal', () => {
  it('names what the caller can mend, on any node that has the model', () => {
    expect(told([obstacle('a', 'context'), obstacle('b', 'no-model')])).toEqual({
      reason: 'context_length_exceeded',
      message: 'No node can run "m": a: context there.',
    });
    expect(told([obstacle('a', 'capability', '"m" does not support tools')])).toEqual({
      reason: 'invalid_request',
      message: '"m" does not support tools',
    });
    for (const kind of ['privacy', 'tier', 'requires', 'route', 'memory'] as const) {
      expect(told([obstacle('a', kind)])).toEqual({
        reason: 'no_healthy_node',
        message: `No node can run "m": a: ${kind} there.`,
      });
    }
  });

  it('takes a version that nobody has for no model', () => {
    expect(told([obstacle('a', 'digest')])).toEqual({
      reason: 'model_not_found',
      message: 'No node can run "m": a: digest there.',
    });
  });

  it('names the gravest first: what the call asks before what the node lacks', () => {
    expect(told([obstacle('a', 'memory'), obstacle('b', 'context')]).reason).toBe('context_length_exceeded');
    expect(told([obstacle('a', 'privacy'), obstacle('b', 'capability', 'no tools')]).message).toBe('no tools');
  });

  it('names four nodes, and how many more there are', () => {
    const on = (count: number) =>
      ['a', 'b', 'c', 'd', 'e', 'f'].slice(0, count).map((name) => obstacle(name, 'tier', 'not there'));
    expect(told(on(4)).message).toBe('No node can run "m": a: not there; b: not there; c: not there; d: not there.');
    expect(told(on(6)).message).toBe(
      'No node can run "m": a: not there; b: not there; c: not there; d: not there; and 2 more.',
    );
  });

  it('says who is ready where nobody can take it now, and why others are not', () => {
    expect(told([obstacle('a', 'not-ready'), obstacle('b', 'context')])).toEqual({
      reason: 'no_healthy_node',
      message: 'No node that has "m" can take it now. Ready: a, b.',
    });
    const views = [
      nodeView('a', { ready: false, cordoned: true }),
      nodeView('b', { ready: false, state: stateWith({ problem: 'Ollama is down' }) }),
      nodeView('c', { ready: false }),
    ];
    expect(told([obstacle('a', 'not-ready')], undefined, views).message).toBe(
      'No node that has "m" can take it now. Ready: none. Node a is cordoned; uncordon it to use it. b: Ollama is down',
    );
    expect(refusal('m', undefined, [obstacle('a', 'not-ready')], nodes).retryAfterMs).toBe(5_000);
  });

  it('says so where no node is, or none has the model', () => {
    expect(told([], undefined, []).message).toContain('No node is ready. Start an agent');
    expect(told([obstacle('a', 'no-model'), obstacle('b', 'no-model')]).reason).toBe('model_not_found');
    expect(told([obstacle('a', 'no-model'), obstacle('b', 'node')], 'a').reason).toBe('model_not_found');
  });

  it('names the node that the call asks for', () => {
    expect(told([obstacle('a', 'node'), obstacle('b', 'node')], 'z').message).toBe(
      'Node "z" is not ready. Ready: a, b.',
    );
    expect(told([obstacle('a', 'memory'), obstacle('b', 'node')], 'a').message).toBe(
      'No node can run "m": a: memory there.',
    );
  });
});

it('some of what keeps a call from a node passes, and what are its own failures there ends by itself', () => {
  const kinds = ['not-ready', 'breaker', 'problem', 'failed', 'no-model', 'context'] as const;
  expect(kinds.map((kind) => mayPass([obstacle('x', 'tier'), obstacle('a', kind)]))).toEqual([
    ...[true, true, true, false, false, false],
  ]);
  expect(kinds.map((kind) => isCooling([obstacle('x', 'tier'), obstacle('a', kind)]))).toEqual([
    ...[false, true, true, false, false, false],
  ]);
});
