import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { check } from './check.ts';
import { hashOf } from './history.ts';
import { createTally } from './report.ts';
import { runSeed } from './run-seed.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
  },
});

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const from = Number(values.seed ?? values.from);
const count = values.seed === undefined ? Number(values.seeds) : 1;
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
  encoding: 'utf8',
  cwd: import.meta.dirname,
}).trim();
const tally = createTally();

for (let seed = from; seed < from + count; seed++) {
  const { scenario, history } = await runSeed(seed);
  const violations = check(history);
  tally.add(scenario, history, violations);
  if (values.trace) for (const event of history.events) print(JSON.stringify(event));
  for (const { rule, atMs, what } of violations)
    print(`seed ${seed}, ${commit}, ${atMs.toFixed(0)} ms: ${rule}: ${what}`);
  if (values.seed !== undefined) print(`seed ${seed}: history ${hashOf(history)}`);
}
print(tally.text(commit));
process.exitCode = tally.violations > 0 ? 1 : 0;
