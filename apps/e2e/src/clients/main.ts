import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { provisionOllama } from '../../../../tools/ollama/provision.ts';
import { startFakeCluster } from './fake-cluster.ts';
import type { Target } from './client.ts';
import { reportOn, type ClientReport } from './compare.ts';
import { compatibilityPage } from './page.ts';
import { startRealCluster } from './real-cluster.ts';
import { clients } from './table.ts';

const { values } = parseArgs({
  options: {
    client: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

/** Beside `--json` nothing else is printed. */
function say(line: string): void {
  if (!values.json) process.stdout.write(`${line}\n`);
}

const page = join(import.meta.dirname, '../../../../docs/compatibility.md');
const wanted = clients.filter(({ name, from }) => `${name} ${from}`.includes(values.client));
if (wanted.length === 0)
  throw new Error(`no client "${values.client}": use one of ${clients.map(({ name }) => name).join(', ')}`);

/** Runs all clients; what they do is told as it happens. */
async function reportAll(through: Target, direct: Target): Promise<ClientReport[]> {
  const reports = [];
  for (const client of wanted) {
    const report = await reportOn(client, through, direct);
    reports.push(report);
    const failures = report.results
      .filter(({ failed }) => failed)
      .map(({ capability, failed }) => `${capability}: ${failed}`);
    const problems = [...failures, ...report.unknown];
    say(`${problems.length === 0 ? 'ok    ' : 'FAILED'} ${client.name} (${client.from})`);
    for (const problem of problems) say(`       ${problem}`);
  }
  return reports;
}

/** The same with a real model behind, and a real Ollama to compare with. */
async function reportOnReal(): Promise<{ reports: ClientReport[]; compared: string } | undefined> {
  const ollama = await provisionOllama();
  if (!ollama.available) {
    say(`No real Ollama on this machine: ${ollama.reason}.`);
    return undefined;
  }
  const cluster = await startRealCluster(ollama);
  try {
    const reports = await reportAll(cluster.target, cluster.direct);
    return { reports, compared: `a real Ollama ${ollama.version} with a small model` };
  } finally {
    await cluster.close();
  }
}

const cluster = await startFakeCluster();
const faked = await reportAll(cluster.target, cluster.direct);
await cluster.close();
const real = await reportOnReal();
const all = [...faked, ...(real?.reports ?? [])];
if (values.json) process.stdout.write(`${JSON.stringify(all, undefined, 2)}\n`);
if (values.write) {
  if (!real || values.client) throw new Error('The page needs all clients and a real Ollama.');
  const text = compatibilityPage(faked, real.compared);
  await writeFile(page, await format(text, { ...(await resolveConfig(page)), filepath: page }));
}
process.exitCode = all.every(({ results, unknown }) => unknown.length === 0 && results.every(({ failed }) => !failed))
  ? 0
  : 1;
process.exit();
