import { parseArgs } from 'node:util';
import { samplingTasks } from '@tutti/core/cluster';
import { table } from '../table.ts';
import { accuracies } from './accuracy.ts';
import { heldOut } from './examples.ts';
import { writeWeights } from './train.ts';

const { values } = parseArgs({ options: { train: { type: 'boolean', default: false } } });
// What is written is measured by the next run.
if (values.train) await writeWeights();
else measure();

function measure(): void {
  const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
  const figures = accuracies();
  const [words, length] = figures;

  console.log(
    `${heldOut.length} prompts that were held out of training: how many are told apart, by what is seen of them`,
  );
  console.log(
    table([
      ['', 'all', ...samplingTasks],
      ...figures.map(({ name, all, byTask }) => [
        name,
        ...[all, ...samplingTasks.map((task) => byTask[task])].map(percent),
      ]),
    ]),
  );
  if (words!.all <= length!.all) {
    console.error('BROKEN: the words of a prompt tell no more than its length.');
    process.exitCode = 1;
  }
}
