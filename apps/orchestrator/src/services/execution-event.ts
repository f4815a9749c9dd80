import type { MessageInitShape } from '@bufbuild/protobuf';
import type { RunEntry, RunEvent, StepLabel } from '@tutti/core/patterns';
import { ExecutionState, type ExecutionEventSchema } from '@tutti/proto/tutti/v1/pattern';
import { budgetOf, errorOf, plainObject, questionOf, timeText, usageOf, valueOf } from './execution-parts.ts';

type Event = MessageInitShape<typeof ExecutionEventSchema>;

/** An entry of a journal for people to see. Who runs it, and what was asked of whom word by word, stays inside. */
export function executionEvent({ seq, time, event }: RunEntry): Event {
  return {
    ...{ seq, time: timeText(time), type: event.type },
    ...('step' in event && { step: event.step }),
    ...factsOf(event),
  };
}

function factsOf(event: RunEvent): Event {
  switch (event.type) {
    case 'started':
      return { pattern: event.pattern, budget: budgetOf(event.budget) };
    case 'asked':
      return { ...labelOf(event.label), ...present({ model: event.model, sameAs: event.sameAs }) };
    case 'said':
      return { voice: event.voice, text: event.text };
    case 'answered': {
      const { model, node, text, durationMs } = event.answer;
      return { model, node, text, durationMs, usage: usageOf(event.answer) };
    }
    case 'stepped':
      return { value: valueOf(event.value) };
    case 'failed':
      return { error: errorOf(event.error), ...(event.tokens && { usage: usageOf(event.tokens) }) };
    case 'dropped':
      return { why: event.why, ...(event.tokens && { usage: usageOf(event.tokens) }) };
    case 'waiting':
      return { question: questionOf(event.question) };
    case 'noted':
      return { note: plainObject(event.note) };
    case 'exhausted':
      return { resource: event.resource };
    case 'ended': {
      const { state, result, error, spent } = event;
      return {
        ...{ state: ExecutionState[state], usage: usageOf(spent) },
        ...(result && { result: plainObject(result) }),
        ...(error && { error: errorOf(error) }),
      };
    }
    default:
      return {};
  }
}

export function labelOf({ role, round, task }: StepLabel) {
  return { role, ...present({ round, task }) };
}

/** The fields that have a value. */
export function present<T extends object>(fields: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  const there = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(there) as { [Name in keyof T]?: Exclude<T[Name], undefined> };
}
