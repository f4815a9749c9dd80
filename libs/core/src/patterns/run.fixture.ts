import { setImmediate } from 'node:timers/promises';
import { virtualClock, type VirtualClock } from '@tutti/testing';
import { contextWith } from '../calls.fixture.ts';
import { done, progress, textDelta } from '../chunk.ts';
import { ClusterError } from '../error.ts';
import type { Call, Context, Generate } from '../generate.ts';
import { pause } from '../pause.ts';
import { throwIfAborted } from '../signal.ts';
import { defaultBudget, type Budget } from './budget.ts';
import { execute, type Execution } from './engine.ts';
import type { Journal } from './journal.ts';
import type { JsonObject } from './json.ts';
import type { Pattern } from './pattern.ts';
import type { RunEntry, RunEvent } from './run-event.ts';

/** What a model of a test answers to a step: text, an error, or nothing for ever. */
export type Script = (call: Call, asked: number, step: string) => string | ClusterError | undefined;

interface Models {
  readonly generate: Generate;
  /** What was asked of whom, in order. */
  readonly asked: string[];
  /** Calls that are open. */
  readonly open: () => number;
}

/** Models that say one word every `tokenMs`. */
export function scripted(clock: VirtualClock, scripts: Record<string, Script>, tokenMs = 10): Models {
  const asked: string[] = [];
  let open = 0;
  const generate: Generate = async function* (call, context) {
    asked.push(context.requestId);
    const text = scripts[call.model]?.(call, asked.length, context.requestId);
    open += 1;
    try {
      yield progress({ case: 'dispatched', value: { node: 'n1', reason: 'test', attempt: 1 } });
      if (text === undefined) await pause(clock, Number.MAX_SAFE_INTEGER, context.signal);
      throwIfAborted(context.signal);
      if (text instanceof ClusterError) throw text;
      const words = (text ?? '').split(/(?<= )/).slice(0, call.numPredict);
      for (const word of words) {
        await pause(clock, tokenMs, context.signal);
        throwIfAborted(context.signal);
        yield textDelta(word);
      }
      yield done({ reason: 'stop', usage: { promptTokens: 5, outputTokens: words.length } });
    } finally {
      open -= 1;
    }
  };
  return { generate, asked, open: () => open };
}

/** A journal in memory; `limit`: it takes so many events and no more, as that of a process that dies then. */
function memoryJournal(entries: RunEntry[], clock: VirtualClock, limit = Infinity, writeMs = 0): Journal {
  return {
    async append(events) {
      if (writeMs > 0) await pause(clock, writeMs, new AbortController().signal);
      const added: RunEntry[] = [];
      for (const event of events) {
        if (entries.length >= limit) throw new ClusterError('storage_unavailable', 'crashed');
        // What a store keeps is a copy.
        const kept = structuredClone(event);
        const entry = { seq: entries.length + 1, term: 1, time: clock.wallTime(), event: kept };
        entries.push(entry);
        added.push(entry);
      }
      return added;
    },
  };
}

interface Rig {
  readonly pattern: Pattern;
  readonly input?: JsonObject;
  readonly budget?: Partial<Budget>;
  readonly generate: Generate;
  readonly clock: VirtualClock;
  /** What has happened before; what happens is added. */
  readonly entries?: RunEntry[];
  readonly limit?: number;
  /** How long its journal takes to write. */
  readonly writeMs?: number;
  readonly resident?: readonly string[];
}

/** Starts a run, or takes it up, over a journal in memory. */
export function startRun(rig: Rig): { execution: Execution; entries: RunEntry[] } {
  const { pattern, input = {}, clock, generate, entries = [], limit, writeMs, resident = [] } = rig;
  if (entries.length === 0) {
    const event: RunEvent = {
      type: 'started',
      pattern: pattern.name,
      input,
      budget: { ...defaultBudget, ...rig.budget },
    };
    entries.push({ seq: 1, term: 1, time: clock.wallTime(), event });
  }
  const contextOf = (step: string, signal: AbortSignal): Context => contextWith({ requestId: step, signal });
  const execution = execute({
    ...{ runId: 'run', pattern, entries: [...entries], generate, contextOf, clock },
    journal: memoryJournal(entries, clock, limit, writeMs),
    turn: () => setImmediate(),
    isResident: (model) => resident.includes(model),
  });
  return { execution, entries };
}

/** Moves time on until the promise settles. */
export async function untilSettled<T>(clock: VirtualClock, promise: Promise<T>): Promise<T> {
  let settled = false;
  void Promise.allSettled([promise]).then(() => (settled = true));
  for (let steps = 0; !settled && steps < 100_000; steps++) await clock.advance(50);
  return promise;
}

export { virtualClock };
