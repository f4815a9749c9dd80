import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { changeText } from './mutant.ts';
import { mutationRun, type Verdict } from './mutation-run.ts';
import { killedShare, reportJson, reportText, type Accepted } from './report.ts';
import { sample } from './sample.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    count: { ...text, default: '200' },
    seed: { ...text, default: '1' },
    files: { ...text, default: 'libs/core/src/**/*.ts' },
    tests: { ...text, multiple: true, default: ['libs/core/src/**/*.test.ts'] },
    jobs: { ...text, default: '2' },
    json: { type: 'boolean', default: false },
  },
});

/** Which part of the mutants is to be killed at least. */
const bar = 0.8;

const root = fileURLToPath(new URL('../../', import.meta.url));
const accepted = JSON.parse(readFileSync(new URL('survivors.json', import.meta.url), 'utf8')) as Accepted[];
const seed = Number(values.seed);
const mutants = sample(root, values.files, Number(values.count), seed);
const settings = { root, folders: ['libs', 'proto'], tests: values.tests, silenceMs: 30_000 };

// So that the copies of the tree go with it.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

let told = 0;
const tell = (verdict: Verdict): void => {
  told += 1;
  const { outcome, by, file, line } = verdict;
  console.error(
    `${told}/${mutants.length} ${outcome.padEnd(9)} ${file}:${line}  ${changeText(verdict)}${by ? `  by ${by}` : ''}`,
  );
};

const verdicts = await mutationRun(mutants, settings, Number(values.jobs), tell);
console.log(values.json ? reportJson(verdicts, accepted, seed) : reportText(verdicts, accepted));
if (killedShare(verdicts) < bar) {
  console.error(`BROKEN: ${(100 * killedShare(verdicts)).toFixed(1)} % killed, the bar is ${100 * bar} %.`);
  process.exitCode = 1;
}
