import { ClusterError } from '../error.ts';
import type { Purse } from './budget.ts';
import type { EngineOptions } from './engine.ts';
import { invoke } from './invoke.ts';
import type { JournalWriter } from './journal.ts';
import type { Patience } from './patience.ts';
import type { Answer, Question } from './question.ts';
import type { Past } from './replay.ts';
import type { RunEntry } from './run-event.ts';
import { createSpoken } from './spoken.ts';
import type { Step } from './step.ts';
import type { Lacking } from './steps.ts';

interface Options extends Pick<EngineOptions, 'generate' | 'contextOf' | 'clock' | 'isResident' | 'onText'> {
  readonly past: Past;
  readonly purse: Purse;
  readonly patience: Patience;
  readonly writer: JournalWriter;
  readonly deliver: (entry: RunEntry) => void;
  /** A call has ended, and what it did not take is there again. */
  readonly onClosed: () => void;
}

/** The calls of models that a run has open. */
export interface Calls {
  /** Begins a call, if the budget has what it takes. */
  begin(step: Step<Answer>, question: Question): Lacking;
  /** Resolves when none is open. */
  idle(): Promise<void>;
}

export function createCalls(options: Options): Calls {
  const { generate, contextOf, clock, isResident, onText, past, purse, patience, writer, deliver, onClosed } = options;
  const open = new Set<Promise<void>>();

  const run = async (step: Step<Answer>, question: Question, granted: number): Promise<void> => {
    const { id, signal } = step;
    const voice = question.voice ?? (question.schema ? 'silent' : 'thinking');
    const heard = voice === 'silent' ? undefined : voice;
    const spoken = createSpoken(clock, (text) => heard && writer.push({ type: 'said', step: id, voice: heard, text }));
    const onWords = (text: string): void => {
      if (!heard) return;
      spoken.push(text);
      onText?.(id, heard, text);
    };
    const context = contextOf(id, signal);
    // What the client has of the answer stays; a member that is not heard to the end begins anew.
    const said = voice === 'answer' ? past.said(id) : '';
    patience.begun(id, step.giveUp);
    const onSign = (isWaiting: boolean): void => patience.heard(id, isWaiting);
    const invocation = invoke({ question, granted, said, context, generate, clock, onText: onWords, onSign });
    const ended = await invocation.answer.then(
      (answer) => ({ answer }),
      (thrown: unknown) => ({ error: ClusterError.from(thrown) }),
    );
    spoken.flush();
    const tokens = { ...invocation.taken };
    purse.close(granted, tokens);
    const why = step.dropped ?? (signal.aborted && !step.late ? 'the run is over' : undefined);
    if (why !== undefined) patience.ended(id);
    if (why !== undefined) writer.push({ type: 'dropped', step: id, why, tokens });
    else if ('answer' in ended) writer.push({ type: 'answered', step: id, answer: ended.answer }, deliver);
    else {
      const { reason, message } = step.late ?? ended.error;
      writer.push({ type: 'failed', step: id, error: { reason, message }, tokens }, deliver);
    }
    onClosed();
  };

  return {
    begin(step, question) {
      const { id, hash, label, model, recorded } = step;
      const swap = !isResident(question.model);
      const granted = recorded ? purse.reopen(question.maxTokens) : purse.open(question.maxTokens, swap);
      if (typeof granted !== 'number') return granted === 'tokens' && open.size > 0 ? 'wait' : granted;
      if (!recorded) writer.push({ type: 'asked', step: id, label, hash, model: model!, ...(swap && { swap }) });
      const running: Promise<void> = run(step, question, granted).finally(() => open.delete(running));
      open.add(running);
      return undefined;
    },
    async idle() {
      while (open.size > 0) await Promise.allSettled(open);
    },
  };
}
