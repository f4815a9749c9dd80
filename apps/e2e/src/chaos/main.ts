import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { stopAll } from '../processes.ts';
import type { Result, Size } from './figure.ts';
import { figureNames, figures } from './figures.ts';
import { reportMarkdown, reportText, writeReport, type Run } from './report.ts';

const sizes: readonly Size[] = ['sample', 'small', 'full'];

const { values } = parseArgs({
  options: {
    figure: { type: 'string', default: figureNames.join(',') },
    size: { type: 'string', default: 'small' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

const names = values.figure.split(',').map((name) => known(figureNames, name, 'figure'));
const size = known(sizes, values.size, 'size');
const seed = Number(values.seed);
const results: Result[] = [];
const run: Run = { size, seed, loadBefore: loadavg()[0] ?? 0, results };

try {
  for (const name of names) {
    const found = await figures[name](size, seed);
    results.push(...found);
    if (!values.json) process.stdout.write(reportText(found));
    // Each time: a figure that cannot be measured does not lose those before it.
    if (values.write) await writeReport(reportMarkdown(run));
  }
  if (values.json) process.stdout.write(`${JSON.stringify(run, undefined, 2)}\n`);
  process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
} finally {
  await stopAll();
}

function known<T extends string>(all: readonly T[], name: string, what: string): T {
  const found = all.find((one) => one === name);
  if (found === undefined) throw new Error(`no ${what} "${name}": use one of ${all.join(', ')}`);
  return found;
}
