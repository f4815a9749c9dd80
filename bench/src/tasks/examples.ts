import { samplingTasks, type SamplingTask } from '@tutti/core/cluster';
import { prompts } from './prompts.ts';

/** A prompt, and what it is for. */
export interface LabelledPrompt {
  readonly text: string;
  readonly task: SamplingTask;
}

/** Prompts that follow each other in pairs are alike, so that pairs are held out whole. */
const isHeldOut = (index: number): boolean => Math.floor(index / 2) % 2 === 1;

/** What the model is trained on. */
export const training = labelled((index) => !isHeldOut(index));

/** What it has never seen. */
export const heldOut = labelled(isHeldOut);

function labelled(wanted: (index: number) => boolean): LabelledPrompt[] {
  return samplingTasks.flatMap((task) =>
    prompts[task].flatMap((text, index) => (wanted(index) ? [{ text, task }] : [])),
  );
}
