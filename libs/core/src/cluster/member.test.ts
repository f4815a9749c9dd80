import type { NodeState } from '@tutti/proto/tutti/agent/v1/state';
import { virtualClock } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import { sayHello, stateWith } from '../calls.fixture.ts';
import type { LoadAct } from '../routing/overlay.ts';
import { demand, runnerFacts, runningCall } from '../routing/routing.fixture.ts';
import { createMember } from './member.ts';

const clock = virtualClock();
const runner = runnerFacts('m:latest', { loading: true });
const act: LoadAct = { requestId: 'r1', node: 'a', expiresAt: 100_000, runner, evict: ['x:latest'] };

function memberWith() {
  return createMember(
    'a',
    { generate: sayHello, state: stateWith({ models: ['m', 'x'], resident: ['x'] }) },
    undefined,
    clock,
    new Set(),
  );
}

function residentOn(member: ReturnType<typeof memberWith>, now = 0): string[] {
  return member.facts(now).runners.map(({ model }) => model);
}

it('shows the load that a call takes along, and forgets it when the call fails', () => {
  const member = memberWith();
  const call = runningCall('m:latest', { loads: true });
  member.add(call, act);
  expect(residentOn(member)).toEqual(['m:latest']);
  member.remove(call, false);
  expect(residentOn(member)).toEqual(['x:latest']);
});

it('keeps the load as long as another call waits for it', () => {
  const member = memberWith();
  const [first, second] = [runningCall('m:latest', { loads: true }), runningCall('m:latest')];
  member.add(first, act);
  member.add(second, undefined);
  member.remove(first, false);
  expect(residentOn(member)).toEqual(['m:latest']);
  member.remove(second, false);
  expect(residentOn(member)).toEqual(['x:latest']);
});

it('gives the reports ten seconds to show a load whose call has had its answer', () => {
  const member = memberWith();
  const call = runningCall('m:latest', { loads: true });
  member.add(call, act);
  member.remove(call, true);
  expect(residentOn(member, 9_999)).toEqual(['m:latest']);
  member.report(sayHello, stateWith({ models: ['m', 'x'], resident: ['x'] }));
  expect(residentOn(member, 10_000)).toEqual(['x:latest']);
});

it('is the same facts until something changes, and is looked at again after half a second in which calls run', () => {
  const member = memberWith();
  const first = member.facts(0);
  expect(member.facts(60_000)).toBe(first);
  const call = runningCall('m:latest');
  member.add(call, undefined);
  const busy = member.facts(100);
  expect(busy.calls).toEqual([call]);
  expect(member.facts(600)).toBe(busy);
  expect(member.facts(601)).not.toBe(busy);
  member.remove(call, true);
  expect(member.facts(601).calls).toEqual([]);
});

it('counts its calls by model, each once', () => {
  const member = memberWith();
  const [one, two, other] = [runningCall('m:latest'), runningCall('m:latest'), runningCall('x', { model: 'y' })];
  for (const call of [one, two, other]) member.add(call, undefined);
  expect([...member.inFlightByModel]).toEqual([
    ['m:latest', 2],
    ['y', 1],
  ]);
  for (const call of [two, two, other]) member.remove(call, true);
  expect([...member.inFlightByModel]).toEqual([['m:latest', 1]]);
  expect(member.inFlight).toBe(1);
});

it('shows a load without a call until it is over: what worked for ten seconds more, what did not no longer', () => {
  const shownAfter = (loaded: boolean, now: number) => {
    const member = memberWith();
    const over = member.prepare(act);
    expect(residentOn(member)).toEqual(['m:latest']);
    over(loaded);
    return residentOn(member, now)[0];
  };
  expect(shownAfter(false, 0)).toBe('x:latest');
  expect(shownAfter(true, 9_999)).toBe('m:latest');
  expect(shownAfter(true, 10_000)).toBe('x:latest');
});

it('forgets the load that has failed, and no other', () => {
  const member = memberWith();
  const other = runnerFacts('y', { loading: true });
  member.prepare({ ...act, runner: other, evict: [] });
  member.prepare(act)(false);
  expect(residentOn(member)).toEqual(['x:latest', 'y']);
  member.prepare(act)(true);
  // The other one has all its time.
  expect(residentOn(member, 10_000)).toEqual(['x:latest', 'y']);
});

it('shows the model that has output as loaded, and no other', () => {
  const member = memberWith();
  member.prepare(act);
  member.prepare({ ...act, runner: runnerFacts('y', { loading: true }), evict: [] });
  member.loaded('m:latest');
  expect(member.facts(0).runners.map(({ model, loading }) => [model, loading])).toEqual([
    ['m:latest', false],
    ['y', true],
  ]);
});

describe('prompts', () => {
  const reading = (hash: number) =>
    runningCall('m:latest', { demand: demand('m:latest', { prefix: [{ hash, tokens: 9 }] }) });
  const hashes = (member: ReturnType<typeof memberWith>) =>
    (member.facts(0).prompts.get('m:latest') ?? []).map(([first]) => first!.hash);
  const withM = (bootId = ''): NodeState => ({ ...stateWith({ models: ['m', 'x'], resident: ['m'] }), bootId });

  it('are remembered, the newest first, sixteen of each model', () => {
    const member = memberWith();
    member.add(runningCall('m:latest'), undefined);
    expect(member.facts(0).prompts.size).toBe(0);
    for (let hash = 1; hash <= 20; hash += 1) member.add(reading(hash), undefined);
    expect(hashes(member)).toEqual([20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5]);
  });

  it('are forgotten with the memory: when the model has left it, or the node has been restarted', () => {
    const member = memberWith();
    const call = reading(1);
    member.add(call, undefined);
    // Its load is not seen yet.
    member.report(sayHello, stateWith({ models: ['m', 'x'], resident: ['x'] }));
    expect(hashes(member)).toEqual([1]);
    member.remove(call, true);
    member.report(sayHello, withM());
    expect(hashes(member)).toEqual([1]);
    member.report(sayHello, stateWith({ models: ['m', 'x'], resident: ['x'] }));
    expect(hashes(member)).toEqual([]);
    member.add(call, undefined);
    member.report(sayHello, withM());
    expect(hashes(member)).toEqual([1]);
    member.report(sayHello, withM('another'));
    expect(hashes(member)).toEqual([]);
  });
});

it('counts from when it became ready: at first, after a restart, and after it could not take calls', async () => {
  const time = virtualClock();
  const state = stateWith();
  const member = createMember('a', { generate: sayHello, state }, undefined, time, new Set());
  const readySince = () => member.facts(time.now()).readySince;
  const reportAfter = async (ms: number, next: NodeState) => {
    await time.advance(ms);
    member.report(sayHello, next);
    return readySince();
  };
  expect(readySince()).toBe(0);
  expect(await reportAfter(1_000, state)).toBe(0);
  expect(await reportAfter(1_000, { ...state, bootId: 'another' })).toBe(2_000);
  member.suspend();
  expect(member.facts(time.now()).ready).toBe(false);
  expect(await reportAfter(1_000, { ...state, bootId: 'another' })).toBe(3_000);
  expect(await reportAfter(1_000, { ...state, bootId: 'another', draining: true })).toBe(3_000);
  expect(await reportAfter(1_000, { ...state, bootId: 'another' })).toBe(5_000);
});

it('shows at once what is said of it', () => {
  const member = memberWith();
  expect(member.facts(0)).toMatchObject({ attributes: {}, sameMachine: false });
  member.describe({ attributes: { tier: 1 }, sameMachine: true });
  expect(member.facts(0)).toMatchObject({ attributes: { tier: 1 }, sameMachine: true });
});
