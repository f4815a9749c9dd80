import type { MessageInitShape } from '@bufbuild/protobuf';
import type { RunRecord } from '@tutti/core';
import { spentIn, type RunEntry } from '@tutti/core/patterns';
import {
  ExecutionState,
  type ExecutionSchema,
  type ExecutionStepSchema,
  type ExecutionSummarySchema,
} from '@tutti/proto/tutti/v1/pattern';
import { runStateOf } from '../runs/run-progress.ts';
import { labelOf, present } from './execution-event.ts';
import { budgetOf, errorOf, plainObject, questionOf, timeText, usageOf } from './execution-parts.ts';

type Execution = MessageInitShape<typeof ExecutionSchema>;
type Step = MessageInitShape<typeof ExecutionStepSchema>;

/** A run, as its journal tells. */
export function executionOf(head: RunRecord, entries: readonly RunEntry[]): Execution {
  const started = entries[0]?.event;
  const last = entries.at(-1);
  const end = last?.event.type === 'ended' ? last.event : undefined;
  const endedAt = end ? last!.time : head.endedAt;
  return {
    ...summaryOf({ ...head, state: runStateOf(entries), ...present({ endedAt }) }),
    steps: stepsIn(entries),
    spent: usageOf(end?.spent ?? spentIn(entries)),
    ...(started?.type === 'started' && { budget: budgetOf(started.budget) }),
    ...(started?.type === 'started' && started.downgraded && { downgradedFrom: started.downgraded.from }),
    ...(end?.result && { result: plainObject(end.result) }),
    ...(end?.error && { error: errorOf(end.error) }),
  };
}

export function summaryOf({ id, pattern, title, state, createdAt, endedAt }: RunRecord) {
  return {
    ...{ id, pattern, query: title, state: ExecutionState[state], startTime: timeText(createdAt) },
    ...(endedAt !== undefined && { endTime: timeText(endedAt) }),
  } satisfies MessageInitShape<typeof ExecutionSummarySchema>;
}

function stepsIn(entries: readonly RunEntry[]): Step[] {
  const steps = new Map<string, Step>();
  for (const entry of entries) {
    const { event, time } = entry;
    if (event.type === 'asked' && !steps.has(event.step)) {
      const { step: id, label, model } = event;
      steps.set(id, { id, state: 'RUNNING', startTime: timeText(time), ...labelOf(label), ...present({ model }) });
    } else if ('step' in event) {
      const step = steps.get(event.step);
      if (step) Object.assign(step, changeOf(step, entry));
    }
  }
  return [...steps.values()];
}

function changeOf(step: Step, { event, time }: RunEntry): Step {
  const endTime = timeText(time);
  switch (event.type) {
    case 'said':
      return { text: (step.text ?? '') + event.text };
    case 'waiting':
      return { state: 'WAITING', question: questionOf(event.question) };
    case 'answered': {
      const { model, node, text } = event.answer;
      return { state: 'COMPLETED', endTime, model, node, text, usage: usageOf(event.answer) };
    }
    case 'stepped':
      return { state: 'COMPLETED', endTime };
    case 'failed':
      return {
        state: 'FAILED',
        endTime,
        error: errorOf(event.error),
        ...(event.tokens && { usage: usageOf(event.tokens) }),
      };
    case 'dropped':
      return { state: 'DROPPED', endTime, ...(event.tokens && { usage: usageOf(event.tokens) }) };
    default:
      return {};
  }
}
