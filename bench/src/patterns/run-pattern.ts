import { setImmediate } from 'node:timers/promises';
import { localPrincipal, Priority, Privacy, ticketMachine, type Clock, type Context, type Generate } from '@tutti/core';
import {
  defaultBudget,
  execute,
  patterns,
  type AvailableModel,
  type Budget,
  type JsonObject,
  type Pattern,
  type PatternName,
  type RunEnd,
  type RunEntry,
} from '@tutti/core/patterns';
import { createTimeline } from '@tutti/simulation';

/** A place where runs are played on simulated time. One `play` at a time. */
export interface Stage {
  readonly clock: Clock;
  /** Plays a run to its end, and with it everything else that has begun. */
  play(run: StagedRun): Promise<Played>;
}

interface StagedRun {
  readonly pattern: PatternName;
  readonly body: JsonObject;
  readonly models: readonly AvailableModel[];
  readonly generate: Generate;
  readonly budget?: Partial<Budget>;
}

export interface Played {
  readonly end: RunEnd;
  readonly entries: readonly RunEntry[];
  /** From its start to its end. */
  readonly wallMs: number;
}

interface Beginning {
  readonly pattern: Pattern;
  readonly input: JsonObject;
  readonly generate: Generate;
  readonly clock: Clock;
  readonly turn: () => Promise<void>;
  readonly budget?: Partial<Budget>;
}

/** Time moves when nothing that has begun can go on without it, so that a run takes what its calls take. */
export function createStage(): Stage {
  let turning = 0;
  const turn = async (): Promise<void> => {
    turning += 1;
    await setImmediate();
    turning -= 1;
  };
  const settle = async (): Promise<void> => {
    do await setImmediate();
    while (turning > 0);
  };
  const clock = createTimeline({ settle });
  return {
    clock,
    async play({ pattern: name, body, models, generate, budget = {} }) {
      const pattern: Pattern = patterns[name];
      const startedAt = clock.now();
      const { ended, entries } = begin({ pattern, input: pattern.parse(body, models), generate, clock, turn, budget });
      let wallMs = Number.NaN;
      const measured = ended.then((end) => {
        wallMs = clock.now() - startedAt;
        return end;
      });
      await clock.run(Infinity);
      return { end: await measured, entries, wallMs };
    },
  };
}

const nextTicket = ticketMachine();

/** Starts a run whose journal is a list. */
export function begin({ pattern, input, generate, clock, turn, budget }: Beginning) {
  const entries: RunEntry[] = [];
  const add = (event: RunEntry['event']): RunEntry => {
    const entry = { seq: entries.length + 1, term: 1, time: clock.wallTime(), event };
    entries.push(entry);
    return entry;
  };
  add({ type: 'started', pattern: pattern.name, input, budget: { ...defaultBudget, ...budget } });
  const { ended } = execute({
    ...{ runId: 'run', pattern, entries: [...entries], generate, clock, turn, contextOf },
    journal: { append: async (events) => events.map(add) },
    isResident: () => true,
  });
  return { ended, entries };
}

function contextOf(step: string, signal: AbortSignal): Context {
  return {
    ...{ signal, requestId: step, principal: localPrincipal, hops: 0, ticket: nextTicket() },
    ...{ priority: Priority.DEFAULT, privacy: Privacy.CLUSTER },
  };
}

/** A model as patterns see it. */
export function modelNamed(name: string, sizeBytes = 4e9): AvailableModel {
  return { name, resident: true, sizeBytes, contextLength: 0, family: name, capabilities: ['completion'] };
}
