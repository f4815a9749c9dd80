import { ClusterError } from '../error.ts';
import type { Context, Generate } from '../generate.ts';
import type { Clock } from '../ports.ts';
import { createPurse, nothing, withTokens, type Budget, type Resource, type Spent } from './budget.ts';
import { createCalls } from './calls.ts';
import { hashOf, randomFrom } from './hash.ts';
import { createJournalWriter, type Journal } from './journal.ts';
import { canonicalJson, type Json } from './json.ts';
import { createPatience } from './patience.ts';
import type { Asked, Pattern, PatternResult, RunContext } from './pattern.ts';
import type { Answer, Question, StepLabel } from './question.ts';
import { diverged, pastOf } from './replay.ts';
import type { Note, RunEntry, RunError, RunEvent } from './run-event.ts';
import { spentIn } from './run-state.ts';
import { sharedStep, type Step } from './step.ts';
import { createSteps } from './steps.ts';
import { asWished } from './wishes.ts';

export interface EngineOptions {
  readonly runId: string;
  readonly pattern: Pattern;
  /** What has happened so far, the event `started` first. */
  readonly entries: readonly RunEntry[];
  readonly journal: Journal;
  readonly generate: Generate;
  /** What goes with the call of a step; it ends by that signal. */
  readonly contextOf: (step: string, signal: AbortSignal) => Context;
  readonly clock: Clock;
  /** Resolves when everything that can go on without an event from outside has gone on: a turn of the event loop. */
  readonly turn: () => Promise<void>;
  /** Whether some node has the model in memory now. */
  readonly isResident: (model: string) => boolean;
  /** Words as they come, sooner than the journal has them. */
  readonly onText?: (step: string, voice: 'answer' | 'thinking', text: string) => void;
}

/** How a run ended. */
export type RunEnd = Extract<RunEvent, { type: 'ended' }>;

/** A run on its way. */
export interface Execution {
  /** Resolves when the end is kept. Rejects if this process can or may not go on with the run, which then has no end. */
  readonly ended: Promise<RunEnd>;
  /** Ends it with what there is. */
  cancel(): void;
  /** Answers a question to a person; false: it is not asked, or has been answered. */
  answer(step: string, value: Json): boolean;
  /** Lets go of the run without an end: another process will take it. */
  abandon(): void;
}

/** What ends a run from outside of its pattern. */
type Cut = Extract<RunEvent, { type: 'exhausted' | 'cancelled' }>;

/**
 * Runs a pattern from its start. What the journal has an answer to is answered from there, in the same order; then the
 * rest begins.
 */
export function execute(options: EngineOptions): Execution {
  const { runId, pattern, entries, journal, clock, turn, isResident } = options;
  const { input, budget, wishes = {}, startedAt } = beginning(entries);
  const past = pastOf(entries);
  const purse = createPurse(budget, spentIn(entries));
  const end = Promise.withResolvers<RunEnd>();
  end.promise.catch(() => {});
  const timers = new Set<() => void>();
  const degraded = new Set<string>();
  const random = randomFrom(runId);
  const byQuestion = new Map<string, Step<Answer>>();
  /** As far as the pattern knows. */
  let now = startedAt;
  let best: PatternResult | undefined;
  let cutting = false;
  let over = false;

  // The end.
  const halt = (): void => {
    over = true;
    for (const cancel of timers) cancel();
    patience.over();
    steps.close();
  };
  const abandon = (error: ClusterError): void => {
    writer.close();
    halt();
    end.reject(error);
  };
  const finish = async (state: RunEnd['state'], result?: PatternResult, error?: RunError): Promise<void> => {
    if (over) return;
    // What the pattern says after this depends on how it is torn down, which no replay repeats.
    const facts = degraded.size > 0 ? { degraded: [...degraded] } : {};
    halt();
    await calls.idle();
    const event: RunEnd = {
      type: 'ended',
      state,
      ...(result && { result: { ...result, ...facts } }),
      ...(error && { error }),
      spent: purse.spent,
    };
    writer.push(event, () => end.resolve(event));
  };
  const fail = ({ reason, message }: ClusterError): void => {
    if (!best) return void finish('FAILED', undefined, { reason, message });
    degraded.add(message);
    void finish('COMPLETED', best);
  };
  const diverge = (error: ClusterError): void => {
    best = undefined;
    fail(error);
  };
  const cut = (event: Cut): void => {
    if (event.type === 'cancelled') return void finish('CANCELLED', best);
    fail(new ClusterError('quota_exhausted', spentUp(event.resource, budget)));
  };
  /** Nothing runs on, and the pattern still learns of what came before. */
  const cutNow = (event: Cut): void => {
    if (over || cutting) return;
    cutting = true;
    writer.push(event, deliver);
    steps.abort();
  };

  /** The pattern learns of an event. */
  const deliver = ({ event, time }: RunEntry): void => {
    if (over) return;
    if (event.type === 'exhausted' || event.type === 'cancelled') return cut(event);
    if (event.type !== 'answered' && event.type !== 'stepped' && event.type !== 'failed') return;
    const step = steps.find(event.step);
    if (!step) return diverge(diverged(`step "${event.step}" has an answer and is not asked`));
    now = time;
    const tokens = event.type === 'answered' ? event.answer : event.type === 'failed' ? event.tokens : undefined;
    if (tokens) context.spent = withTokens(context.spent, tokens);
    patience.ended(step.id, event.type === 'answered' ? event.answer : undefined);
    if (step.settled) return;
    if (event.type === 'answered') return step.resolve(event.answer);
    if (event.type === 'stepped') return step.resolve(event.value);
    degraded.add(`${step.id}: ${event.error.message}`);
    step.reject(new ClusterError(event.error.reason, event.error.message));
  };

  const onLacking = (resource: Resource): void => cutNow({ type: 'exhausted', resource });
  const writer = createJournalWriter({ journal, turn, onFailure: abandon });
  const steps = createSteps({ past, writer, turn, isResident, onLacking, onDiverged: diverge });
  const patience = createPatience(clock);
  const calls = createCalls({ ...options, past, purse, patience, writer, deliver, onClosed: () => steps.beginSoon() });

  const after = (delayMs: number, task: () => void): void => {
    const cancel = clock.after(Math.max(0, delayMs), () => {
      timers.delete(cancel);
      task();
    });
    timers.add(cancel);
  };

  // What the pattern has.
  const ask = (id: string, asking: Question): Asked<Answer> => {
    const question = asWished(asking, wishes);
    const { label, model } = question;
    const hash = hashOf(canonicalJson(asked(question)));
    const same = byQuestion.get(hash);
    if (same && same.dropped === undefined) {
      const recorded = steps.alias(id, hash, same);
      if (!recorded) writer.push({ type: 'asked', step: id, label, hash, model, sameAs: same.id });
      return sharedStep(id, same);
    }
    const step = steps.add<Answer>({ id, hash, label, model, begin: (begun) => calls.begin(begun, question) });
    byQuestion.set(hash, step);
    patience.asked(id, question);
    return step;
  };
  /** A step that begins here, and not on a node. */
  const here = (id: string, label: StepLabel, hash: string, begin: (step: Step<Json>) => void): Asked<Json> =>
    steps.add<Json>({
      ...{ id, hash, label },
      begin(step) {
        if (!step.recorded) writer.push({ type: 'asked', step: id, hash, label });
        begin(step);
        return undefined;
      },
    });
  const failed = (id: string, thrown: unknown): void => {
    const { reason, message } = ClusterError.from(thrown);
    writer.push({ type: 'failed', step: id, error: { reason, message } }, deliver);
  };
  const answered = (id: string, value: Json): void => writer.push({ type: 'stepped', step: id, value }, deliver);
  const context: { spent: Spent } & RunContext = {
    now: () => now,
    random,
    spent: nothing,
    allowance: (count) => Math.floor((budget.maxTokens - context.spent.outputTokens) / count),
    best: (result) => void (best = result),
    degraded: (reason) => void degraded.add(reason),
    ask,
    step: (id, effect) =>
      here(id, { role: 'step' }, hashOf(id), ({ signal }) => {
        effect(signal).then(
          (value) => answered(id, value),
          (thrown: unknown) => failed(id, thrown),
        );
      }),
    human: (id, question) =>
      here(id, { role: 'human' }, hashOf(canonicalJson({ ...question })), () => {
        const since = past.waitingSince(id);
        if (since === undefined) writer.push({ type: 'waiting', step: id, question });
        const waited = since === undefined ? 0 : clock.wallTime() - since;
        after(question.expiresMs - waited, () => failed(id, expired(id)));
      }),
  };

  const drive = async (): Promise<void> => {
    try {
      const told = pattern.run(input, context);
      for (let next = await told.next(); !over; next = await told.next()) {
        if (next.done) return await finish('COMPLETED', next.value);
        tell(next.value);
      }
    } catch (thrown) {
      if (!over) fail(ClusterError.from(thrown));
    }
  };
  const tell = (note: Note): void => {
    try {
      if (!past.noted(note)) writer.push({ type: 'noted', note });
    } catch (thrown) {
      diverge(ClusterError.from(thrown));
    }
  };
  const replay = async (): Promise<void> => {
    for (const entry of past.outcomes) {
      await turn();
      if ('step' in entry.event) steps.answered(entry.event.step);
      deliver(entry);
    }
    await turn();
    steps.open();
  };

  after(startedAt + budget.maxMs - clock.wallTime(), () => cutNow({ type: 'exhausted', resource: 'time' }));
  void drive();
  void replay();

  return {
    ended: end.promise,
    cancel: () => cutNow({ type: 'cancelled' }),
    answer(id, value) {
      const step = steps.find(id);
      if (!step || step.settled || step.label.role !== 'human') return false;
      answered(id, value);
      return true;
    },
    abandon: () => abandon(new ClusterError('draining', 'This process lets go of the run; another will take it.')),
  };
}

function beginning(entries: readonly RunEntry[]) {
  const [first] = entries;
  if (first?.event.type !== 'started') throw new ClusterError('internal', 'The journal has no beginning.');
  const { input, budget, wishes } = first.event;
  return { input, budget, wishes, startedAt: first.time };
}

/** What makes a question another one: not how it is shown, or to whom. */
function asked({ label: _label, voice: _voice, ...question }: Question): Json {
  return question as unknown as Json;
}

function expired(id: string): ClusterError {
  return new ClusterError('deadline_exceeded', `Nobody answered "${id}" in time.`);
}

function spentUp(resource: Resource, budget: Budget): string {
  const name = ({ calls: 'maxCalls', tokens: 'maxTokens', time: 'maxMs', swaps: 'maxSwaps' } as const)[resource];
  return `The budget of the run is spent: ${name} is ${budget[name]}.`;
}
