import { virtualClock } from '@tutti/testing';
import { expect, it } from 'vitest';
import { sayHello, stateWith } from '../calls.fixture.ts';
import type { LoadAct } from '../routing/overlay.ts';
import { runnerFacts, runningCall } from '../routing/routing.fixture.ts';
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
