import { createAdmission, createFairQueue, type Waiting } from '@tutti/core/cluster';
import { seededRandom } from '@tutti/testing';
import { median } from '../statistics.ts';
import { table } from '../table.ts';
import { waitingCalls } from './waiting-calls.ts';

/** Calls in the queue all the time. */
const waiting = 10_000;

/** A push and a pop, in microseconds. */
const limitUs = 10;

/** Each figure is the median of so many rounds. */
const rounds = 9;

/** Microseconds of processor time of one operation: others may use the machine meanwhile. */
function timed(operations: number, operate: (i: number) => void): number {
  const times = Array.from({ length: rounds }, () => {
    const before = process.cpuUsage();
    for (let i = 0; i < operations; i++) operate(i);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / operations;
  });
  return median(times);
}

/** A full queue and its door, and what is done with them all day. */
function measure(tenants: number) {
  const random = seededRandom(1);
  const queue = createFairQueue<Waiting>({ maxAgeMs: Infinity });
  const admission = createAdmission({ queue, queueSize: () => 2 * waiting, random });
  const next = waitingCalls(tenants, random);
  const push = (call: Waiting): void => {
    queue.add(call);
    admission.joined(call, 0);
  };
  for (let i = 0; i < waiting; i++) push(next());
  const inTurn = [...queue.ordered(0)];
  const fresh = Array.from({ length: waiting * rounds }, next);

  const startInTurn = (i: number): void => {
    const call = inTurn[i % waiting]!;
    queue.started(call);
    admission.left(call, true, 0);
    inTurn[i % waiting] = fresh.pop()!;
    push(inTurn[i % waiting]!);
  };
  const comeAgain = (): void => {
    const call = inTurn[Math.floor(random() * waiting)]!;
    queue.started(call);
    queue.add(call);
  };
  const stranger = next();
  const pushPopUs = timed(waiting, startInTurn);
  const comeAgainUs = timed(2_000, comeAgain);
  admission.planned(new Map([...queue.ordered(0)].map((call, i) => [call, (i + 1) * 60_000])), 0);
  if (admission.check(stranger, 0).admitted) throw new Error('The door refuses nobody.');
  return {
    pushPopUs,
    comeAgainUs,
    refuseUs: timed(waiting, () => admission.check(stranger, 0)),
    readUs: timed(5, () => [...queue.ordered(0)].length),
  };
}

const sizes = [1, 10, 100, 1_000];
const figures = sizes.map((tenants) => ({ tenants, ...measure(tenants) }));
console.log(
  table([
    ['tenants', 'push + pop', 'retry', 'door', 'whole order'],
    ...figures.map(({ tenants, pushPopUs, comeAgainUs, refuseUs, readUs }) => [
      String(tenants),
      ...[pushPopUs, comeAgainUs, refuseUs].map((us) => `${us.toFixed(2)} us`),
      `${(readUs / 1_000).toFixed(2)} ms`,
    ]),
  ]),
);
const slowest = Math.max(...figures.map(({ pushPopUs }) => pushPopUs));
if (slowest > limitUs) {
  console.error(`BROKEN: push + pop is ${slowest.toFixed(1)} us, the limit is ${limitUs} us.`);
  process.exitCode = 1;
}
