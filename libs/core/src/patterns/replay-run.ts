import { ClusterError } from '../error.ts';
import { Priority, Privacy, type Context, type Generate } from '../generate.ts';
import type { Clock } from '../ports.ts';
import { localPrincipal } from '../principal.ts';
import { ticketMachine } from '../ticket.ts';
import { execute, type RunEnd } from './engine.ts';
import { canonicalJson, type Json } from './json.ts';
import type { Pattern, RunContext } from './pattern.ts';
import type { Note, RunEntry, RunEvent } from './run-event.ts';

/** A run as it is exported: its journal, without who ran it. */
export interface RunFixture {
  readonly id: string;
  readonly pattern: string;
  readonly entries: readonly RunEntry[];
}

/** What came of running a pattern again over the journal of a run that has ended. */
export interface Replayed {
  /** How it ended this time. */
  readonly end: RunEnd;
  /** Where it went another way than the journal; empty: the same events came. */
  readonly differences: readonly string[];
}

/**
 * Runs a pattern again with the answers of a journal, without models and without time: the steps that it asks, the notes
 * that it tells and its end must be those of the journal. `turn` as the engine has it.
 */
export async function replayRun(fixture: RunFixture, pattern: Pattern, turn: () => Promise<void>): Promise<Replayed> {
  const { id, entries } = fixture;
  const recorded = entries.at(-1)?.event;
  if (recorded?.type !== 'ended') {
    throw new ClusterError('failed_precondition', `The run ${id} has not ended: its journal cannot be compared.`);
  }
  const seen: Seen = { steps: new Set(), notes: [] };
  const added: RunEvent[] = [];
  const execution = execute({
    ...{ runId: id, pattern: observed(pattern, seen), entries: entries.slice(0, -1), turn },
    ...{ generate: refusing, contextOf, clock: stopped(entries[0]!.time), isResident: () => false },
    journal: {
      async append(events) {
        added.push(...events);
        return events.map((event, index) => ({ seq: entries.length + index, term: 0, time: 0, event }));
      },
    },
  });
  const end = await execution.ended;
  return { end, differences: differencesOf({ entries, recorded, end, added, seen }) };
}

/** What a pattern did. */
interface Seen {
  readonly steps: Set<string>;
  readonly notes: Note[];
}

/** The pattern, watched: what it leaves out this time does not show in the journal. */
function observed(pattern: Pattern, { steps, notes }: Seen): Pattern {
  return {
    ...pattern,
    async *run(input, context) {
      const heard =
        <Rest extends unknown[], T>(ask: (id: string, ...rest: Rest) => T) =>
        (id: string, ...rest: Rest): T => {
          steps.add(id);
          return ask(id, ...rest);
        };
      const watched: RunContext = {
        ...context,
        ask: heard(context.ask),
        step: heard(context.step),
        human: heard(context.human),
        get spent() {
          return context.spent;
        },
      };
      const told = pattern.run(input, watched);
      for (;;) {
        const next = await told.next();
        if (next.done) return next.value;
        notes.push(next.value);
        yield next.value;
      }
    },
  };
}

interface Both {
  readonly entries: readonly RunEntry[];
  readonly recorded: RunEnd;
  readonly end: RunEnd;
  readonly added: readonly RunEvent[];
  readonly seen: Seen;
}

function differencesOf({ entries, recorded, end, added, seen }: Both): string[] {
  const told = entries.flatMap(({ event }) => (event.type === 'noted' ? [event.note] : []));
  const missing = entries.flatMap(({ event }) =>
    event.type === 'asked' && !seen.steps.has(event.step) ? [event.step] : [],
  );
  const note = told.findIndex((one, index) => !isSame(one, seen.notes[index]));
  const fields = ['state', 'result', 'error', 'spent'] as const;
  return [
    ...added.flatMap((event) => (event.type === 'ended' ? [] : [`new: ${nameOf(event)}`])),
    ...missing.map((step) => `not asked: step "${step}"`),
    ...(note < 0 ? [] : [`not told: ${told[note]!.kind}, note ${note + 1} of ${told.length}`]),
    ...fields.filter((name) => !isSame(recorded[name], end[name])).map((name) => `another end: its ${name}`),
    ...(end.error && !recorded.error ? [end.error.message] : []),
  ];
}

function nameOf(event: RunEvent): string {
  if (event.type === 'noted') return `noted ${event.note.kind}`;
  return 'step' in event ? `${event.type} ${event.step}` : event.type;
}

/** Journals are JSON: what is undefined is not there. */
function isSame(one: unknown, other: unknown): boolean {
  return textOf(one) === textOf(other);
}

function textOf(value: unknown): string {
  return value === undefined ? '' : canonicalJson(JSON.parse(JSON.stringify(value)) as Json);
}

// oxlint-disable-next-line require-yield
const refusing: Generate = async function* () {
  throw new ClusterError('failed_precondition', 'A replay asks no model; the journal has no answer to this.');
};

function contextOf(step: string, signal: AbortSignal): Context {
  return {
    ...{ signal, requestId: step, principal: localPrincipal, ticket: ticketMachine()() },
    ...{ priority: Priority.DEFAULT, privacy: Privacy.CLUSTER, hops: 0 },
  };
}

/** The time at which the run began, for ever: a replay runs out of none. */
function stopped(time: number): Clock {
  return { now: () => 0, wallTime: () => time, after: () => () => {} };
}
