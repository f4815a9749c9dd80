import { done, pause, type Generate } from '@tutti/core';
import { virtualClock } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import { chatCall, collect, contextWith } from '../calls.fixture.ts';
import { promptCharacters } from './prompt-characters.ts';
import { createTraffic } from './traffic.ts';

/** A backend that reads ten characters a second, and says nothing meanwhile. */
function startRig() {
  const clock = virtualClock();
  const traffic = createTraffic(clock);
  const generate: Generate = async function* (call, { signal }) {
    const promptMs = promptCharacters(call) * 100;
    await pause(clock, promptMs, signal);
    yield done({ reason: 'stop', timings: { promptMs } });
  };
  const run = traffic.counted(generate);
  const ask = (text: string, client = 'a') => collect(run(chatCall('m', text), { ...contextWith(), client }));
  return { clock, traffic, ask };
}

describe('traffic', () => {
  it('knows how long a model with calls has said nothing, counted from the oldest of them', async () => {
    const { clock, traffic, ask } = startRig();
    const first = ask('x'.repeat(100));
    await clock.advance(6_000);
    const second = ask('x'.repeat(100));
    await clock.advance(1_000);
    expect([traffic.running('m'), traffic.silentMs('m')]).toEqual([2, 7_000]);
    await clock.advance(4_000);
    await first;
    expect([traffic.running('m:latest'), traffic.silentMs('m'), traffic.heardMs('m')]).toEqual([1, 1_000, 1_000]);
    await clock.advance(10_000);
    await second;
    expect(traffic.running('m')).toBe(0);
  });

  it('learns how long a model reads, from prompts that are long enough', async () => {
    const { clock, traffic, ask } = startRig();
    const long = 'x'.repeat(1_000);
    expect(traffic.readingMs(chatCall('m', long))).toBe(5_000);
    for (const text of ['x', long]) {
      const answer = ask(text);
      if (text === long) {
        await clock.advance(0);
        expect(traffic.patienceMs('m')).toBe(5_000);
      }
      await clock.advance(100_000);
      await answer;
    }
    expect([traffic.readingMs(chatCall('m', long)), traffic.patienceMs('m')]).toEqual([100_000, 0]);
  });

  it('knows who is alone: nobody else runs, has come since, or used the model in the last five minutes', async () => {
    const { clock, traffic, ask } = startRig();
    const alone = traffic.lonely('m');
    const own = ask('x');
    await clock.advance(0);
    expect(alone()).toBe(true);
    const other = ask('x');
    await clock.advance(100);
    await Promise.all([own, other]);
    expect([alone(), traffic.lonely('m')()]).toEqual([false, false]);
    await clock.advance(5 * 60_000);
    expect(traffic.lonely('m')()).toBe(true);
  });

  it('knows whether somebody else uses the model, or has in the last five minutes', async () => {
    const { clock, traffic, ask } = startRig();
    const used = () => ['a', 'b', 'c'].map((client) => traffic.usedByOthers('m', client));
    const answered = async (client: string) => {
      const answer = ask('x', client);
      await clock.advance(100);
      await answer;
    };
    expect(used()).toEqual([false, false, false]);
    await answered('a');
    expect(used()).toEqual([false, true, true]);
    await clock.advance(4 * 60_000);
    await answered('b');
    expect(used()).toEqual([true, true, true]);
    await clock.advance(60_000);
    expect(used()).toEqual([true, false, true]);
    await clock.advance(4 * 60_000);
    expect(used()).toEqual([false, false, false]);
    const running = ask('x', 'a');
    await clock.advance(0);
    expect(used()).toEqual([true, true, true]);
    await clock.advance(100);
    await running;
    const nameless = ask('x', '');
    await clock.advance(100);
    await nameless;
    expect(traffic.usedByOthers('m', '')).toBe(true);
  });
});
