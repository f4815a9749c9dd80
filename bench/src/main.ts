import { parseArgs } from 'node:util';
import { barsOf, holds } from './bars.ts';
import { measureOpenStreams } from './open-streams.ts';
import { stopPrograms } from './program.ts';
import { reportJson, reportText } from './report.ts';
import { runRounds } from './rounds.ts';
import { removeScratch } from './scratch.ts';
import { measureStart } from './start.ts';
import { startBackend, startTargets } from './targets.ts';
import { fullEffort, quickEffort } from './workload.ts';

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
});
const effort = values.quick ? quickEffort : fullEffort;

try {
  const startCpuMs = await measureStart(effort.starts);
  const memoryPerStream = await measureOpenStreams();
  await stopPrograms();
  const results = await runRounds(await startTargets(await startBackend({ tokenDelayMs: 0 })), effort);
  const figures = { results, memoryPerStream, startCpuMs };
  console.log(values.json ? reportJson(figures) : reportText(figures));
  const broken = barsOf(figures).filter((bar) => !holds(bar));
  for (const { name, value, limit, unit } of broken) {
    console.error(`BROKEN: ${name} is ${value.toFixed(2)} ${unit}, the limit is ${limit} ${unit}.`);
  }
  process.exitCode = broken.length > 0 ? 1 : 0;
} finally {
  await stopPrograms();
  await removeScratch();
}
