import { parseArgs } from 'node:util';
import { faces } from './documented.ts';
import { fuzz, type FaceReport } from './fuzz.ts';
import { startFuzzedCluster } from './fuzzed-cluster.ts';

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '50000' },
    seed: { type: 'string', default: '1' },
    face: { type: 'string' },
    path: { type: 'string' },
    failures: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});

const wanted = faces.filter((face) => values.face === undefined || face === values.face);
if (wanted.length === 0) throw new Error(`no face "${values.face}": use one of ${faces.join(', ')}`);

/** Beside `--json` nothing else is printed. */
function say(line: string): void {
  if (!values.json) process.stdout.write(`${line}\n`);
}

const cluster = await startFuzzedCluster();
const reports: FaceReport[] = [];
try {
  for (const face of wanted) {
    const report = await fuzz({
      ...{ cluster, face, seed: Number(values.seed), path: values.path, mostFailures: Number(values.failures) },
      inputs: Number(values.inputs) / wanted.length,
      onBatch: (sent) => say(`${face}: ${sent}`),
    });
    reports.push(report);
    const { failures, statuses, heapMib, slowestMs, inputs, seconds } = report;
    say(`${face}: ${inputs} inputs in ${seconds.toFixed(1)} s, the slowest answer in ${slowestMs.toFixed(0)} ms`);
    say(`  statuses ${JSON.stringify(statuses)}; heap ${heapMib[0]} to ${heapMib.at(-1)} MiB`);
    for (const failure of failures) say(`  FAILED ${JSON.stringify(failure, undefined, 2)}`);
  }
  for (const line of cluster.internalErrors().slice(0, 5)) say(line);
  if (values.json) process.stdout.write(`${JSON.stringify(reports, undefined, 2)}\n`);
  process.exitCode = reports.every(({ failures }) => failures.length === 0) ? 0 : 1;
} finally {
  await cluster.close();
}
process.exit();
