import { describe, expect, it } from 'vitest';
import { virtualClock } from './virtual-clock.ts';

describe('virtualClock', () => {
  it('stands still until it is moved', async () => {
    const clock = virtualClock();
    const [now, wallTime] = [clock.now(), clock.wallTime()];
    await new Promise((resolve) => setImmediate(resolve));
    expect(clock.now()).toBe(now);
    await clock.advance(1500);
    expect(clock.now() - now).toBe(1500);
    expect(clock.wallTime() - wallTime).toBe(1500);
  });

  it('runs what falls due in order of time, then of setting, each at its own time', async () => {
    const clock = virtualClock();
    const ran: string[] = [];
    const note = (name: string) => (): void => void ran.push(`${name}@${clock.now()}`);
    clock.after(30, note('c'));
    clock.after(10, note('a'));
    clock.after(10, note('b'));
    clock.after(31, note('late'));
    await clock.advance(30);
    expect(ran).toEqual(['a@10', 'b@10', 'c@30']);
    expect(clock.pending).toBe(1);
  });

  it('does not run what was taken back', async () => {
    const clock = virtualClock();
    let ran = 0;
    const cancel = clock.after(5, () => ran++);
    cancel();
    cancel();
    await clock.advance(10);
    expect(ran).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('lets code that a timer woke set timers of its own in time', async () => {
    const clock = virtualClock();
    const sleep = (ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve));
    const times: number[] = [];
    const loop = async (): Promise<void> => {
      for (let i = 0; i < 3; i++) {
        await sleep(100);
        times.push(clock.now());
      }
    };
    const done = loop();
    await clock.advance(300);
    await done;
    expect(times).toEqual([100, 200, 300]);
  });

  it('runs a timer of no or negative delay at the next move', async () => {
    const clock = virtualClock();
    let ran = 0;
    clock.after(0, () => ran++);
    clock.after(-5, () => ran++);
    expect(ran).toBe(0);
    await clock.advance(0);
    expect(ran).toBe(2);
    expect(clock.now()).toBe(0);
  });
});
