import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { accuracies } from './accuracy.ts';
import { heldOut, training } from './examples.ts';
import { weightsFile, weightsText } from './train.ts';

it('tells prompts apart that it has never seen, far better than by their length', () => {
  const [words, length] = accuracies();
  expect(words!.all).toBeGreaterThan(0.75);
  expect(words!.all).toBeGreaterThan(length!.all + 0.3);
  for (const [task, share] of Object.entries(words!.byTask)) expect(share, task).toBeGreaterThan(0.5);
});

it('is not tested on what it was trained on', () => {
  const seen = new Set(training.map(({ text }) => text));
  expect(heldOut.filter(({ text }) => seen.has(text))).toEqual([]);
  expect(heldOut).toHaveLength(training.length);
});

it('has the weights that training gives', async () => {
  expect((await readFile(weightsFile, 'utf8')) === weightsText(), 'npm run bench:tasks -- --train').toBe(true);
});
