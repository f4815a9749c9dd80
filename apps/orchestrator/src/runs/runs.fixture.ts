import {
  ClusterError,
  createMemoryRuns,
  delta,
  done,
  localPrincipal,
  pause,
  Priority,
  Privacy,
  progress,
  throwIfAborted,
  ticketMachine,
  type Context,
  type Generate,
  type RunRecord,
  type RunRepository,
} from '@tutti/core';
import type { AvailableModel, Pattern, Question, RunCaller, RunEntry } from '@tutti/core/patterns';
import { createLog } from '@tutti/runtime/log';
import { virtualClock, type VirtualClock } from '@tutti/testing';
import { createDoor } from '../door.ts';
import { createRuns, type Runs } from './runs.ts';

const question = (model: string, text: string, more: Partial<Question> = {}): Question => ({
  ...{ model, messages: [{ role: 'user', content: text }], label: { role: 'member' }, maxTokens: 100 },
  ...more,
});

const queryIn = (body: { readonly query?: unknown }): string => String(body.query);

/** Two members, one after the other, and one who puts their answers together aloud. */
const relay: Pattern<{ readonly query: string; readonly models: readonly string[] }> = {
  name: 'relay',
  parse: (body, models) => ({ query: queryIn(body), models: models.map(({ name }) => name) }),
  estimate: () => ({ calls: 3, tokens: 10, models: 2 }),
  simpler: ({ query }) => ({ pattern: 'solo', body: { query } }),
  async *run({ query, models }, context) {
    const first = await context.ask('first', question(models[0]!, query)).answer;
    context.best({ text: first.text });
    yield { kind: 'vote', text: first.text };
    const second = await context.ask('second', question(models.at(-1)!, first.text)).answer;
    const { text } = await context.ask('sum', question(models[0]!, second.text, { voice: 'answer' })).answer;
    return { text, consensusOutput: text, agreement: 1, models };
  },
};

/** One call, which nobody hears. Its result has a field that means something else in others. */
const solo: Pattern<{ readonly query: string }> = {
  name: 'solo',
  parse: (body) => ({ query: queryIn(body) }),
  estimate: () => ({ calls: 1, tokens: 10, models: 1 }),
  async *run({ query }, context) {
    const { text } = await context.ask('only', question('a', query, { voice: 'silent' })).answer;
    yield { kind: 'done' };
    return { text, completions: 1 };
  },
};

/** Asks a person. */
const permit: Pattern = {
  name: 'permit',
  parse: (body) => body,
  estimate: () => ({ calls: 0, tokens: 0, models: 0 }),
  async *run(_input, context) {
    const said = await context.human('may-i', { prompt: 'May I?', expiresMs: 600_000 }).answer;
    yield { kind: 'said', said };
    return { text: JSON.stringify(said) };
  },
};

/** Tells more than any store takes. */
const verbose: Pattern = {
  name: 'verbose',
  parse: (body) => body,
  estimate: () => ({ calls: 0, tokens: 0, models: 0 }),
  async *run() {
    yield { kind: 'long', text: 'x'.repeat(9_000_000) };
    return { text: '' };
  },
};

/** `relay`, `permit` and `solo` under names that clients can reach. */
const reachable = {
  ensemble: { ...relay, name: 'ensemble' },
  debate: { ...permit, name: 'debate' },
  maestro: { ...solo, name: 'maestro' },
};

const tinyPatterns = { relay, solo, permit, verbose, ...reachable };

const facts = { resident: true, sizeBytes: 1, contextLength: 4_096, family: 'f', capabilities: [] };
const tinyModels: readonly AvailableModel[] = ['a', 'b'].map((name) => ({ name, ...facts }));

export const callerWith = (changes: Partial<RunCaller> = {}): RunCaller => ({
  ...{ principal: localPrincipal, priority: Priority.DEFAULT, privacy: Privacy.CLUSTER, hops: 0 },
  ...changes,
});

/** A store that can be away. */
interface SwitchedRuns extends RunRepository {
  away: boolean;
  /** Whether it goes away after the next head that is created. */
  leaves: boolean;
}

function switchedRuns(): SwitchedRuns {
  const runs = createMemoryRuns();
  const state = { away: false, leaves: false };
  const create = async (run: RunRecord): Promise<boolean> => {
    const isNew = await runs.create(run);
    if (state.leaves) Object.assign(state, { away: true, leaves: false });
    return isNew;
  };
  return through({ ...runs, create }, state, async () => {
    if (state.away) throw new ClusterError('storage_unavailable', 'The store does not answer.');
  });
}

/** Each call of a repository goes through `gate` first. */
function through<State extends object>(
  runs: RunRepository,
  state: State,
  gate: () => Promise<void>,
): RunRepository & State {
  const gated = Object.entries(runs).map(([name, method]) => [
    name,
    async (...args: readonly unknown[]) => {
      await gate();
      return (method as (...args: readonly unknown[]) => unknown)(...args);
    },
  ]);
  return Object.assign(state, Object.fromEntries(gated) as RunRepository);
}

/** Models that say three words, one every 100 ms. */
function slowModels(clock: VirtualClock) {
  const asked: Context[] = [];
  const generate: Generate = async function* ({ model }, context) {
    asked.push(context);
    yield progress({ case: 'dispatched', value: { node: 'n1', reason: 'test', attempt: 1 } });
    for (const word of [`${model}1 `, `${model}2 `, `${model}3`]) {
      await pause(clock, 100, context.signal);
      throwIfAborted(context.signal);
      yield delta({ text: word });
    }
    yield done({ reason: 'stop', usage: { promptTokens: 5, outputTokens: 3 } });
  };
  return { generate, asked };
}

export const leaseMs = 1_500;
const log = createLog({ service: 'test', level: 'silent' });

/** A process with its runs. */
export interface Host {
  readonly runs: Runs;
  /** What it asked of models. */
  readonly asked: readonly Context[];
  readonly door: ReturnType<typeof createDoor>;
  /** Nothing that it says reaches the store, nor comes back from there, until it is thawed. */
  freeze(): void;
  thaw(): void;
  /** Whether so many calls wait that no run is to be started. */
  full: boolean;
}

/** A process that has the store in common with others. */
export function startHost(name: string, repository: RunRepository, clock: VirtualClock): Host {
  let frozen: PromiseWithResolvers<void> | undefined;
  const gated = through(repository, {}, async () => frozen?.promise);
  const { generate, asked } = slowModels(clock);
  const door = createDoor({ clock });
  const runs = createRuns({
    ...{ repository: gated, patterns: tinyPatterns, generate, clock, log, leaseMs, orchestratorId: name },
    models: () => tinyModels,
    isResident: () => true,
    nextTicket: ticketMachine(),
    enter: (cancel) => door.enter(cancel),
    reenter: (cancel) => door.enter(cancel),
    isFull: () => host.full,
  });
  const host: Host = {
    ...{ runs, asked, door, full: false },
    freeze: () => void (frozen = Promise.withResolvers()),
    thaw() {
      frozen?.resolve();
      frozen = undefined;
    },
  };
  return host;
}

/** Two processes and their store, where nothing has happened yet. */
export function startTwoHosts() {
  const clock = virtualClock();
  const store = switchedRuns();
  return { clock, store, a: startHost('a', store, clock), b: startHost('b', store, clock) };
}

/** Moves time on until the promise settles. */
export async function untilSettled<T>(clock: VirtualClock, promise: Promise<T>): Promise<T> {
  let settled = false;
  const note = (): void => void (settled = true);
  promise.then(note, note);
  for (let steps = 0; !settled && steps < 10_000; steps++) await clock.advance(50);
  return promise;
}

/** What happens in a run, and where. */
export const shown = (entries: readonly RunEntry[]): string[] =>
  entries.map(({ term, event }) => `${term} ${event.type}${'step' in event ? ` ${event.step}` : ''}`);

export const { signal: never } = new AbortController();
