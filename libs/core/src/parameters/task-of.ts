import type { Call } from '../generate.ts';
import { hashedWords } from './hashed-words.ts';
import { classOf, type LinearModel } from './linear-model.ts';
import { samplingTasks, type SamplingTask } from './presets.ts';
import { taskWeights } from './task-weights.ts';

const model: LinearModel = { bias: taskWeights.bias, weights: rowsOf(taskWeights.table) };

/** What a text asks for, by a small model that was trained on labelled prompts (bench/src/tasks). */
export function taskOfText(text: string): SamplingTask {
  return samplingTasks[classOf(model, hashedWords(text))]!;
}

/** What a call is for. Undefined: it generates nothing. */
export function taskOf({ kind }: Call): SamplingTask | undefined {
  const text =
    kind.case === 'chat' ? lastQuestion(kind.value.messages) : kind.case === 'completion' && kind.value.prompt;
  return text ? taskOfText(text) : undefined;
}

type Messages = Extract<Call['kind'], { case: 'chat' }>['value']['messages'];

function lastQuestion(messages: Messages): string {
  const parts = messages.findLast(({ role }) => role === 'user')?.parts ?? [];
  return parts.map(({ kind }) => (kind.case === 'text' ? kind.value : '')).join('\n');
}

function rowsOf(table: string): Int8Array[] {
  const bytes = Int8Array.from(atob(table), (character) => character.charCodeAt(0));
  const length = bytes.length / samplingTasks.length;
  return samplingTasks.map((_, row) => bytes.subarray(row * length, (row + 1) * length));
}
