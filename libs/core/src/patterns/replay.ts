import { ClusterError } from '../error.ts';
import { canonicalJson } from './json.ts';
import type { Note, RunEntry, RunEvent } from './run-event.ts';

type Asked = Extract<RunEvent, { type: 'asked' }>;

/** What a journal says of the past of a run: what was asked, what came back in which order, what was told. */
export interface Past {
  /** Ends of steps, and of the run, in order. */
  readonly outcomes: readonly RunEntry[];
  /** Checks a step against its record; false: there is none. Throws if it asks something else this time. */
  asked(step: string, hash: string): boolean;
  /** What a step without an end had said in each voice. */
  said(step: string): string;
  /** When its person was asked; undefined: never. */
  waitingSince(step: string): number | undefined;
  dropped(step: string): boolean;
  /** Checks the next note against its record; false: there is none any more. */
  noted(note: Note): boolean;
}

const outcomeTypes: ReadonlySet<RunEvent['type']> = new Set([
  'answered',
  'stepped',
  'failed',
  'exhausted',
  'cancelled',
]);

/** Of a run that begins now. */
const noPast: Past = {
  outcomes: [],
  asked: () => false,
  said: () => '',
  waitingSince: () => undefined,
  dropped: () => false,
  noted: () => false,
};

/** Reads the entries that count: those of a term that a later claim has overtaken do not. */
export function pastOf(entries: readonly RunEntry[]): Past {
  if (entries.length < 2) return noPast;
  const asked = new Map<string, Asked>();
  const said = new Map<string, string>();
  const waiting = new Map<string, number>();
  const dropped = new Set<string>();
  const outcomes: RunEntry[] = [];
  const notes: Note[] = [];
  for (const entry of entries) {
    const { event } = entry;
    if (event.type === 'asked') asked.set(event.step, event);
    else if (event.type === 'said') said.set(event.step, (said.get(event.step) ?? '') + event.text);
    else if (event.type === 'waiting') waiting.set(event.step, entry.time);
    else if (event.type === 'dropped') dropped.add(event.step);
    else if (event.type === 'noted') notes.push(event.note);
    else if (outcomeTypes.has(event.type)) outcomes.push(entry);
  }
  let told = 0;
  return {
    outcomes,
    asked(step, hash) {
      const record = asked.get(step);
      if (record && record.hash !== hash) throw diverged(`step "${step}" asks something else than it did`);
      return record !== undefined;
    },
    said: (step) => said.get(step) ?? '',
    waitingSince: (step) => waiting.get(step),
    dropped: (step) => dropped.has(step),
    noted(note) {
      const record = notes[told];
      if (!record) return false;
      told += 1;
      if (canonicalJson(record) === canonicalJson(note)) return true;
      throw diverged(`it tells of "${note.kind}" where it told of "${record.kind}", or with other values`);
    },
  };
}

/** The journal and the pattern say different things. */
export function diverged(what: string): ClusterError {
  const message = `The pattern is not deterministic, or was changed while the run lasted: ${what}.`;
  return new ClusterError('internal', message);
}
