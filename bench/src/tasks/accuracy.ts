import { classOf, samplingTasks, taskOfText, type SamplingTask } from '@tutti/core/cluster';
import { heldOut, training, type LabelledPrompt } from './examples.ts';
import { trained } from './trained.ts';

/** Right answers over prompts that were held out of training. */
export interface Accuracy {
  readonly name: string;
  /** Part of all that is right, 0 to 1. */
  readonly all: number;
  readonly byTask: Readonly<Record<SamplingTask, number>>;
}

/** The model that ships, and one of the same kind that sees nothing but how long a prompt is. */
export function accuracies(): Accuracy[] {
  return [accuracyOf('words', taskOfText), accuracyOf('length only', byLength())];
}

const lengths = 24;

/** Two steps for each doubling. */
function lengthOf(text: string): number[] {
  return [Math.min(lengths - 1, Math.floor(2 * Math.log2(1 + text.length)))];
}

function byLength(): (text: string) => SamplingTask {
  const examples = training.map(({ text, task }) => ({ features: lengthOf(text), label: samplingTasks.indexOf(task) }));
  const model = trained(examples, { places: lengths, classes: samplingTasks.length });
  return (text) => samplingTasks[classOf(model, lengthOf(text))]!;
}

function accuracyOf(name: string, guess: (text: string) => SamplingTask): Accuracy {
  const share = (prompts: readonly LabelledPrompt[]): number =>
    prompts.filter(({ text, task }) => guess(text) === task).length / prompts.length;
  const ofTask = (wanted: SamplingTask): number => share(heldOut.filter(({ task }) => task === wanted));
  const byTask = Object.fromEntries(samplingTasks.map((task) => [task, ofTask(task)])) as Accuracy['byTask'];
  return { name, all: share(heldOut), byTask };
}
