import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { changeText } from './mutant.ts';
import { mutationRun, type Verdict } from './mutation-run.ts';
import { killedShare, reportJson, reportMarkdown, reportText, type Accepted } from './report.ts';
import { sample } from './sample.ts';
import { writeResults } from './results.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    count: { ...text, default: '200' },
    seed: { ...text, default: '1' },
    files: { ...text, default: 'libs/core/src/**/*.ts' },
    tests: { ...text, multiple: true, default: ['libs/core/src/**/*.test.ts'] },
    jobs: { ...text, default: '2' },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

/** Which part of the mutants is to be killed at least. */
const bar = 0.8;

const root = fileURLToPath(new URL('../../', import.meta.url));
const accepted = JSON.parse(readFileSync(new URL('survivors.json', import.meta.url), 'utf8')) as Accepted[];
const { files, tests } = values;
const [count, seed, jobs] = [Number(values.count), Number(values.seed), Number(values.jobs)];

// So that the copies of the tree go with it.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

function tell(verdict: Verdict, place: number, all: number): void {
  const { outcome, by, file, line } = verdict;
  const noticed = by ? `  by ${by}` : '';
  console.error(`${place}/${all} ${outcome.padEnd(9)} ${file}:${line}  ${changeText(verdict)}${noticed}`);
}

const verdicts = await mutationRun({
  ...{ root, folders: ['docs', 'libs', 'proto'], tests, silenceMs: 20_000, jobs },
  draw: (copy) => sample(copy, files, count, seed),
  onVerdict: tell,
});
console.log(values.json ? reportJson(verdicts, accepted, { files, seed }) : reportText(verdicts, accepted));
if (values.write) await writeResults(reportMarkdown(verdicts, accepted, { files, seed }));
if (killedShare(verdicts) < bar) {
  console.error(`BROKEN: ${(100 * killedShare(verdicts)).toFixed(1)} % killed, the bar is ${100 * bar} %.`);
  process.exitCode = 1;
}
