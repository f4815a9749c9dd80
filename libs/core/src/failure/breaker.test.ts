import { seededRandom, virtualClock } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import { ClusterError, reasons, type Reason } from '../error.ts';
import { createBreakers, type Breakers } from './breaker.ts';

const error = (reason: Reason): ClusterError => new ClusterError(reason, reason);

/** Without jitter: the middle of the range. */
const breakersAt = (random = () => 0.5) => {
  const clock = virtualClock();
  return { clock, breakers: createBreakers({ clock, random }) };
};

/** One call after the other. */
const run = (breakers: Breakers, reason: Reason | undefined, times = 1, node = 'a', model = 'm'): void => {
  for (let i = 0; i < times; i++) breakers.started(node, model)(reason && error(reason));
};

describe('opening', () => {
  it('takes three failures in a row', () => {
    const { breakers } = breakersAt();
    run(breakers, 'upstream_error', 2);
    run(breakers, undefined);
    run(breakers, 'upstream_error', 2);
    expect(breakers.allows('a', 'm')).toBe(true);
    run(breakers, 'upstream_error');
    expect(breakers.allows('a', 'm')).toBe(false);
  });

  it('keeps to the model whose calls fail, and to the node that cannot be reached', () => {
    const { breakers } = breakersAt();
    run(breakers, 'bad_upstream', 3, 'a', 'm');
    expect(breakers.allows('a', 'other')).toBe(true);
    run(breakers, 'node_unreachable', 3, 'b', 'm');
    expect(breakers.allows('b', 'other')).toBe(false);
    expect(breakers.allows('c', 'm')).toBe(true);
  });

  const counting = new Set<Reason>(['node_unreachable', 'upstream_error', 'bad_upstream', 'upstream_timeout']);
  it.each((Object.keys(reasons) as Reason[]).filter((reason) => !counting.has(reason)))(
    'does not come from %s',
    (reason) => {
      const { breakers } = breakersAt();
      run(breakers, reason, 20);
      expect(breakers.view('a')).toEqual({ state: 'closed', failures: 0, retryInMs: 0, reason: '', models: [] });
    },
  );

  it('ignores calls that started before it', async () => {
    const { clock, breakers } = breakersAt();
    const [early, late] = [breakers.started('a', 'm'), breakers.started('a', 'm')];
    run(breakers, 'upstream_error', 3);
    early(undefined);
    expect(breakers.allows('a', 'm')).toBe(false);
    await clock.advance(10_000);
    late(error('upstream_error'));
    expect(breakers.allows('a', 'm')).toBe(true);
  });
});

describe('trying again', () => {
  it('N10: lasts twice as long each time, up to five minutes, and less after healthy minutes', async () => {
    const { clock, breakers } = breakersAt();
    const lasted: number[] = [];
    const fail = async (times = 1): Promise<void> => {
      run(breakers, 'node_unreachable', times);
      lasted.push(breakers.view('a').retryInMs / 1_000);
      await clock.advance(breakers.view('a').retryInMs);
    };
    await fail(3);
    for (let i = 0; i < 7; i++) await fail();
    expect(lasted).toEqual([10, 20, 40, 80, 160, 300, 300, 300]);
    run(breakers, undefined);
    await clock.advance(3 * 60_000);
    lasted.length = 0;
    await fail(3);
    expect(lasted).toEqual([80]);
  });

  it('spreads by a fifth', () => {
    const random = seededRandom(3);
    const waits = Array.from({ length: 200 }, () => {
      const { breakers } = breakersAt(random);
      run(breakers, 'node_unreachable', 3);
      return breakers.view('a').retryInMs;
    });
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(8_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(12_000);
    expect(new Set(waits).size).toBeGreaterThan(100);
  });

  it('lets one call at a time try; one success frees the node', async () => {
    const { clock, breakers } = breakersAt();
    run(breakers, 'node_unreachable', 3);
    expect(breakers.view('a').state).toBe('open');
    await clock.advance(10_000);
    expect(breakers.view('a').state).toBe('half-open');
    const over = breakers.started('a', 'm');
    expect(breakers.allows('a', 'm')).toBe(false);
    expect(breakers.allows('a', 'other')).toBe(false);
    over(undefined);
    expect(breakers.allows('a', 'm')).toBe(true);
    expect(breakers.view('a').state).toBe('closed');
  });

  it('frees a model after two', async () => {
    const { clock, breakers } = breakersAt();
    run(breakers, 'upstream_error', 3);
    await clock.advance(10_000);
    run(breakers, undefined);
    expect(breakers.view('a').models).toMatchObject([{ model: 'm', state: 'half-open', reason: 'upstream_error' }]);
    const over = breakers.started('a', 'm');
    expect(breakers.allows('a', 'm')).toBe(false);
    over(undefined);
    expect(breakers.view('a').models).toEqual([]);
  });

  it('takes the first output for a success, and only once', async () => {
    const { clock, breakers } = breakersAt();
    run(breakers, 'upstream_error', 3);
    await clock.advance(10_000);
    const over = breakers.started('a', 'm');
    breakers.answered('a', 'm');
    expect(breakers.allows('a', 'm')).toBe(true);
    over(undefined);
    expect(breakers.view('a').models).toHaveLength(1);
    run(breakers, undefined);
    expect(breakers.view('a').models).toEqual([]);
  });

  it('lets the next call try when the one that tried was cancelled', async () => {
    const { clock, breakers } = breakersAt();
    run(breakers, 'node_unreachable', 3);
    await clock.advance(10_000);
    run(breakers, 'client_closed');
    expect(breakers.allows('a', 'm')).toBe(true);
  });

  it('tells when a call may try, and wakes whoever waits for it', async () => {
    const { clock, breakers } = breakersAt();
    const woken: number[] = [];
    run(breakers, 'node_unreachable', 3);
    const forget = breakers.onChange(() => woken.push(clock.now()));
    expect(breakers.nextTrialAt('a', 'm')).toBe(10_000);
    expect(breakers.nextTrialAt('b', 'm')).toBeUndefined();
    await clock.advance(9_999);
    expect(breakers.allows('a', 'm')).toBe(false);
    await clock.advance(1);
    expect(woken.at(-1)).toBe(10_000);
    expect(breakers.allows('a', 'm')).toBe(true);
    forget();
    run(breakers, undefined);
    expect(woken.at(-1)).toBe(10_000);
  });

  it('has a node as new by hand', async () => {
    const { clock, breakers } = breakersAt();
    run(breakers, 'node_unreachable', 3);
    await clock.advance(10_000);
    run(breakers, 'node_unreachable');
    expect(breakers.view('a').retryInMs).toBe(20_000);
    breakers.reset('a');
    expect(breakers.allows('a', 'm')).toBe(true);
    expect(clock.pending).toBe(0);
    run(breakers, 'node_unreachable', 3);
    expect(breakers.view('a').retryInMs).toBe(10_000);
  });

  it('forgets a node that is gone, and leaves no timer behind', async () => {
    const { clock, breakers } = breakersAt();
    run(breakers, 'upstream_error', 3);
    run(breakers, 'node_unreachable', 3);
    const late = breakers.started('a', 'm');
    breakers.forget('a');
    expect(clock.pending).toBe(0);
    late(error('node_unreachable'));
    expect(breakers.view('a').failures).toBe(0);
    expect(breakers.ejected('m', ['a', 'b'])).toEqual(new Set());
  });
});

describe('the rest of the cluster', () => {
  const failAll = (breakers: Breakers, nodes: readonly string[]): void => {
    for (const node of nodes) run(breakers, 'upstream_error', 3, node);
  };

  it('never loses more than half of the nodes of a model, and keeps the least bad', async () => {
    const { clock, breakers } = breakersAt();
    const ready = ['a', 'b', 'c', 'd', 'e'];
    for (const node of ready) {
      failAll(breakers, [node]);
      await clock.advance(100);
    }
    expect(breakers.ejected('m', ready)).toEqual(new Set(['d', 'e']));
    expect(breakers.ejected('other', ready)).toEqual(new Set());
  });

  it('may lose the only node of two', () => {
    const { breakers } = breakersAt();
    failAll(breakers, ['a']);
    expect(breakers.ejected('m', ['a', 'b'])).toEqual(new Set(['a']));
  });

  it('has a node back that works although it was kept out', async () => {
    const { breakers } = breakersAt();
    failAll(breakers, ['a', 'b']);
    const spared = ['a', 'b'].find((node) => !breakers.ejected('m', ['a', 'b']).has(node))!;
    run(breakers, undefined, 2, spared);
    expect(breakers.allows(spared, 'm')).toBe(true);
  });

  it('N19: tries the only node every five seconds, one call at a time', async () => {
    const { clock, breakers } = breakersAt();
    failAll(breakers, ['a']);
    for (let i = 0; i < 4; i++) {
      expect(breakers.ejected('m', ['a'])).toEqual(new Set(['a']));
      expect(breakers.nextTrialAt('a', 'm', true)).toBeLessThanOrEqual(clock.now() + 5_000);
      await clock.advance(5_000);
      expect(breakers.ejected('m', ['a'])).toEqual(new Set());
      const over = breakers.started('a', 'm');
      expect(breakers.ejected('m', ['a'])).toEqual(new Set(['a']));
      over(error('upstream_error'));
    }
    const woken: number[] = [];
    const failedAt = clock.now();
    breakers.onChange(() => woken.push(clock.now() - failedAt));
    await clock.advance(5_000);
    expect(woken).toEqual([5_000]);
  });

  it('is tried again after a call that tried was overtaken by another', async () => {
    const { clock, breakers } = breakersAt();
    run(breakers, 'node_unreachable', 3);
    const trying = breakers.started('a', 'm');
    run(breakers, undefined);
    expect(breakers.view('a').state).toBe('closed');
    run(breakers, 'node_unreachable', 3);
    await clock.advance(20_000);
    expect(breakers.allows('a', 'm')).toBe(true);
    trying(undefined);
  });
});

it.each([1, 2, 3, 4, 5, 6, 7, 8])('I9: holds over random histories, seed %i', async (seed) => {
  const random = seededRandom(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const { clock, breakers } = breakersAt(random);
  const all = Array.from({ length: 1 + Math.floor(random() * 8) }, (_, index) => `n${index}`);
  const outcomes = [undefined, 'node_unreachable', 'upstream_error', 'upstream_timeout', 'client_closed'] as const;
  const running: { node: string; trial: boolean; over: (outcome: ClusterError | undefined) => void }[] = [];
  let shut = 0;
  for (let step = 0; step < 3_000; step++) {
    const ready = all.filter(() => random() < 0.9);
    const ejected = breakers.ejected('m', ready);
    if (ejected.size > 0) shut += 1;
    expect(ejected.size, `step ${step}`).toBeLessThanOrEqual(Math.max(1, Math.floor(ready.length / 2)));
    for (const node of ejected) {
      expect(breakers.allows(node, 'm'), `step ${step}: ${node}`).toBe(false);
      const { state, models } = breakers.view(node);
      if (state === 'closed' && models.length === 0) expect.fail(`step ${step}: ${node} is out for nothing`);
    }
    const open = ready.filter((node) => breakers.allows(node, 'm'));
    if (open.length > 0 && random() < 0.6) {
      const node = pick(open);
      const trial = breakers.nextTrialAt(node, 'm') !== undefined;
      running.push({ node, trial, over: breakers.started(node, 'm') });
      if (trial) expect(breakers.allows(node, 'm'), `step ${step}: second trial on ${node}`).toBe(false);
    } else if (running.length > 0) {
      const [one] = running.splice(Math.floor(random() * running.length), 1);
      const reason = pick(outcomes);
      one!.over(reason && error(reason));
    }
    if (random() < 0.3) await clock.advance(random() * 20_000);
  }
  expect(shut, `seed ${seed}`).toBeGreaterThan(0);
  // Calm: within five minutes and a fifth each may be tried, and what works is back.
  for (const { over } of running) over(undefined);
  for (let i = 0; i < 3; i++) {
    await clock.advance(360_000);
    for (const node of all) run(breakers, undefined, 1, node);
  }
  for (const node of all) expect(breakers.view(node)).toMatchObject({ state: 'closed', models: [] });
  expect(clock.pending).toBe(0);
});
