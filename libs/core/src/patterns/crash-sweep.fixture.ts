import type { VirtualClock } from '@tutti/testing';
import { expect } from 'vitest';
import type { Budget } from './budget.ts';
import type { RunEnd } from './engine.ts';
import type { Json, JsonObject } from './json.ts';
import type { Pattern } from './pattern.ts';
import type { RunEntry } from './run-event.ts';
import { scripted, startRun, untilSettled, virtualClock, type Script } from './run.fixture.ts';

interface Rig {
  readonly pattern: Pattern;
  readonly input: JsonObject;
  readonly scripts: Record<string, Script>;
  readonly budget?: Partial<Budget>;
  /** What a person says to the first question. */
  readonly word?: Json;
}

/** Runs a pattern to its end over scripted models. */
export async function runToEnd(rig: Rig & { readonly entries?: RunEntry[]; readonly limit?: number }) {
  const { pattern, input, scripts, budget = {}, word, entries = [], limit = Infinity } = rig;
  const clock = virtualClock();
  const models = scripted(clock, scripts);
  const { execution } = startRun({ pattern, input, budget, generate: models.generate, clock, entries, limit });
  if (word !== undefined) execution.answer(await firstQuestion(clock, entries), word);
  const end = await untilSettled<RunEnd | undefined>(
    clock,
    execution.ended.catch(() => undefined),
  );
  const notes = entries.flatMap(({ event }) => (event.type === 'noted' ? [event.note] : []));
  return { end, result: end?.result, asked: models.asked, entries, notes };
}

/** Id of the step that asks a person. */
async function firstQuestion(clock: VirtualClock, entries: readonly RunEntry[]): Promise<string> {
  for (let steps = 0; steps < 1_000; steps++) {
    const asks = entries.find(({ event }) => event.type === 'waiting')?.event;
    if (asks?.type === 'waiting') return asks.step;
    await clock.advance(50);
  }
  throw new Error('nobody is asked');
}

/**
 * Ends the process at every place of a run's journal, and runs it again from there. The result must be the same, and no
 * call that was answered be made again. Returns how many places there were.
 */
export async function crashEverywhere(rig: Rig): Promise<number> {
  const whole = await runToEnd(rig);
  for (let limit = 1; limit < whole.entries.length; limit++) {
    const before = await runToEnd({ ...rig, limit });
    expect(before.end, `a crash at ${limit}`).toBeUndefined();
    const answered = new Set(before.entries.map(({ event }) => (event.type === 'answered' ? event.step : '')));
    const after = await runToEnd({ ...rig, entries: before.entries });
    expect(after.result, `a crash at ${limit}`).toEqual(whole.result);
    expect(after.end?.state).toBe(whole.end?.state);
    expect(
      after.asked.filter((step) => answered.has(step)),
      `a crash at ${limit}`,
    ).toEqual([]);
  }
  return whole.entries.length;
}
