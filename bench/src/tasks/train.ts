import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { featurePlaces, hashedWords, samplingTasks } from '@tutti/core/cluster';
import { training } from './examples.ts';
import { trained } from './trained.ts';

/** Where the weights of the model are that tells tasks apart. */
export const weightsFile = resolve(import.meta.dirname, '../../../libs/core/src/parameters/task-weights.ts');

const largestByte = 127;

/** What that file says, learnt from the prompts that are not held out: the same each time. */
export function weightsText(): string {
  const examples = training.map(({ text, task }) => ({
    features: hashedWords(text),
    label: samplingTasks.indexOf(task),
  }));
  const { bias, weights } = trained(examples, { places: featurePlaces, classes: samplingTasks.length });
  const all = weights.flatMap((row) => Array.from(row));
  // Everything is scaled alike, the biases too, so that no comparison changes.
  const scale = largestByte / all.reduce((largest, weight) => Math.max(largest, Math.abs(weight)), 0);
  const table = Buffer.from(Int8Array.from(all, (weight) => Math.round(weight * scale)).buffer);
  return `/** Written by "npm run bench:tasks -- --train": ${featurePlaces} signed bytes for each task, in base64, and a bias. */
export const taskWeights = {
  bias: [${bias.map((value) => Number((value * scale).toFixed(1))).join(', ')}],
  table:
    '${table.toString('base64')}',
};
`;
}

export async function writeWeights(): Promise<void> {
  await writeFile(weightsFile, weightsText());
}
