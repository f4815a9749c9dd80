import { virtualClock } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import { createCircuit, type Circuit } from './circuit.ts';

function circuitAt(winsToClose = 1, random = (): number => 0.5) {
  const clock = virtualClock();
  let changes = 0;
  const circuit = createCircuit({ clock, random, winsToClose, onChange: () => (changes += 1) });
  return { clock, circuit, changes: () => changes };
}

function fail(circuit: Circuit, times = 1): void {
  for (let n = 0; n < times; n += 1) circuit.started()('failure', 'upstream_error');
}

const succeed = (circuit: Circuit): void => circuit.started()('success', undefined);

/** How long the circuit stays open after each of so many failures in a row, each at the first moment that it may. */
async function opensFor({ clock, circuit }: ReturnType<typeof circuitAt>, times: number): Promise<number[]> {
  const lasted: number[] = [];
  for (let n = 0; n < times; n += 1) {
    fail(circuit, circuit.state === 'closed' ? 3 : 1);
    const ms = circuit.trialAt(false)! - clock.now();
    lasted.push(ms);
    await clock.advance(ms);
  }
  return lasted;
}

describe('it opens', () => {
  it('after three failures in a row, and tells what failed', () => {
    const { circuit, changes } = circuitAt();
    fail(circuit, 2);
    expect(circuit).toMatchObject({ state: 'closed', failures: 2, reason: 'upstream_error' });
    expect(circuit.allows(false)).toBe(true);
    expect(changes()).toBe(0);
    fail(circuit);
    expect(circuit).toMatchObject({ state: 'open', failures: 3 });
    expect(circuit.allows(false)).toBe(false);
    expect(changes()).toBe(1);
  });

  it('for 10 s give or take a fifth, as chance says', () => {
    const lasts = [0, 0.5, 1].map((chance) => {
      const { circuit } = circuitAt(1, () => chance);
      fail(circuit, 3);
      return circuit.trialAt(false);
    });
    expect(lasts.map((ms) => Math.round(ms!))).toEqual([8_000, 10_000, 12_000]);
  });

  it('is not opened by what neither went well nor failed', () => {
    const { circuit } = circuitAt();
    fail(circuit, 2);
    for (let n = 0; n < 5; n += 1) circuit.started()('neither', undefined);
    expect(circuit.failures).toBe(2);
    succeed(circuit);
    expect(circuit.failures).toBe(0);
  });
});

describe('it stays open', () => {
  it('twice as long each time, up to five minutes', async () => {
    expect(await opensFor(circuitAt(), 8)).toEqual([10, 20, 40, 80, 160, 300, 300, 300].map((s) => s * 1_000));
  });

  it('less by one time for each minute without a failure', async () => {
    const openAfter = async (healthyMs: number): Promise<number> => {
      const at = circuitAt();
      await opensFor(at, 3);
      succeed(at.circuit);
      await at.clock.advance(healthyMs);
      fail(at.circuit, 3);
      return at.circuit.trialAt(false)! - at.clock.now();
    };
    expect(await openAfter(0)).toBe(80_000);
    expect(await openAfter(59_999)).toBe(80_000);
    expect(await openAfter(60_000)).toBe(40_000);
    expect(await openAfter(120_000)).toBe(20_000);
    expect(await openAfter(3_600_000)).toBe(10_000);
  });

  it('counting no longer than from the last failure: those spread over minutes forgive nothing twice', async () => {
    const at = circuitAt();
    await opensFor(at, 3);
    succeed(at.circuit);
    for (let n = 0; n < 3; n += 1) {
      await at.clock.advance(50_000);
      fail(at.circuit);
    }
    expect(at.circuit.trialAt(false)! - at.clock.now()).toBe(80_000);
  });
});

describe('it is tried again', () => {
  it('at its time by one call, and sooner where nothing else could take the call', async () => {
    const { clock, circuit, changes } = circuitAt();
    fail(circuit, 3);
    expect([circuit.trialAt(false), circuit.trialAt(true)]).toEqual([10_000, 5_000]);
    await clock.advance(4_999);
    expect([circuit.allows(false), circuit.allows(true)]).toEqual([false, false]);
    await clock.advance(1);
    expect([circuit.allows(false), circuit.allows(true)]).toEqual([false, true]);
    expect(circuit.state).toBe('open');
    expect(changes()).toBe(2);
    await clock.advance(5_000);
    expect([circuit.allows(false), circuit.allows(true)]).toEqual([true, true]);
    expect(circuit.state).toBe('half-open');
    expect(changes()).toBe(3);
    const end = circuit.started();
    expect([circuit.allows(false), circuit.allows(true)]).toEqual([false, false]);
    end('success', undefined);
    expect(circuit).toMatchObject({ state: 'closed', failures: 0, reason: undefined });
    expect(circuit.trialAt(false)).toBeUndefined();
    expect(circuit.trialAt(true)).toBeUndefined();
  });

  it('five seconds after a call that tried too early has failed, and at its own time', async () => {
    const { clock, circuit } = circuitAt();
    fail(circuit, 3);
    await clock.advance(5_000);
    fail(circuit);
    expect([circuit.trialAt(false), circuit.trialAt(true)]).toEqual([10_000, 10_000]);
    const sole = circuitAt(1, () => 0.75);
    fail(sole.circuit, 3);
    await sole.clock.advance(5_000);
    fail(sole.circuit);
    expect([sole.circuit.trialAt(false), sole.circuit.trialAt(true)]).toEqual([11_000, 10_000]);
    await sole.clock.advance(4_999);
    expect(sole.circuit.allows(true)).toBe(false);
    const before = sole.changes();
    await sole.clock.advance(1);
    expect(sole.circuit.allows(true)).toBe(true);
    expect(sole.changes()).toBe(before + 1);
  });

  it('until so many have gone well in a row', async () => {
    const { clock, circuit, changes } = circuitAt(2);
    fail(circuit, 3);
    await clock.advance(10_000);
    succeed(circuit);
    expect(circuit.state).toBe('half-open');
    fail(circuit);
    expect(circuit.state).toBe('open');
    await clock.advance(20_000);
    const before = changes();
    succeed(circuit);
    expect(circuit.state).toBe('half-open');
    expect(changes()).toBe(before + 1);
    succeed(circuit);
    expect(circuit.state).toBe('closed');
  });

  it('by another call when the one that tried says nothing, of which others are told', async () => {
    const { clock, circuit, changes } = circuitAt();
    fail(circuit, 3);
    await clock.advance(10_000);
    const [trying, beside] = [circuit.started(), circuit.started()];
    const before = changes();
    beside('neither', undefined);
    expect(changes()).toBe(before);
    expect(circuit.allows(false)).toBe(false);
    trying('neither', undefined);
    expect(changes()).toBe(before + 1);
    expect(circuit.allows(false)).toBe(true);
  });

  it('successfully with the first output, which counts once', async () => {
    const { clock, circuit } = circuitAt(2);
    circuit.answered();
    fail(circuit, 3);
    await clock.advance(10_000);
    circuit.answered();
    expect(circuit.state).toBe('half-open');
    const end = circuit.started();
    circuit.answered();
    circuit.answered();
    expect(circuit.allows(false)).toBe(true);
    end('success', undefined);
    expect(circuit.state).toBe('half-open');
    succeed(circuit);
    expect(circuit.state).toBe('closed');
  });

  it('after a failure of a call whose first output had counted as a success', async () => {
    const { clock, circuit } = circuitAt(2);
    fail(circuit, 3);
    await clock.advance(10_000);
    const end = circuit.started();
    circuit.answered();
    end('failure', 'upstream_error');
    expect(circuit.trialAt(false)).toBe(clock.now() + 20_000);
  });
});

describe('calls that started before it changed', () => {
  it('say nothing about how it is now', async () => {
    const { clock, circuit } = circuitAt();
    const [early, late] = [circuit.started(), circuit.started()];
    fail(circuit, 3);
    early('success', undefined);
    expect(circuit.state).toBe('open');
    await clock.advance(10_000);
    succeed(circuit);
    late('failure', 'bad_upstream');
    expect(circuit).toMatchObject({ failures: 0, reason: undefined });
  });
});

it('is as new by hand, and leaves no timer behind', async () => {
  const at = circuitAt();
  await opensFor(at, 3);
  fail(at.circuit);
  const running = at.circuit.started();
  at.circuit.reset();
  expect(at.clock.pending).toBe(0);
  running('failure', 'upstream_error');
  expect(at.circuit).toMatchObject({ state: 'closed', failures: 0, reason: undefined });
  expect(await opensFor(at, 1)).toEqual([10_000]);
});
