import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { nodesReady } from '../nodes-ready.ts';
import { cpuMs, rssBytes } from '../process-cost.ts';
import { startProgram, stopPrograms, type Port } from '../program.ts';
import { removeScratch, scratchFolder } from '../scratch.ts';

const help = `Measures what an orchestrator costs that only watches its agents.

  --agents 1000    of one process: each a server, a connection, heartbeats and reports as a real one at rest
  --seconds 60     that are measured
  --json           for machines`;

const { values } = parseArgs({
  options: {
    agents: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '60' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/** Of a core. */
const limit = 0.1;
/** The last agents have come, and what that left behind is gone. */
const settleMs = 10_000;

interface Rest {
  readonly agents: number;
  readonly seconds: number;
  /** Part of a core. */
  readonly cpu: number;
  readonly rssBytes: number;
}

if (values.help) console.log(help);
else {
  try {
    const rest = await measure(Number(values.agents), Number(values.seconds));
    console.log(values.json ? JSON.stringify({ ...rest, limit }) : shown(rest));
    process.exitCode = rest.cpu <= limit ? 0 : 1;
  } finally {
    await stopPrograms();
    await removeScratch();
  }
}

async function measure(agents: number, seconds: number): Promise<Rest> {
  const { pid, facts } = await startProgram<Port & { grpcPort: number }>('@tutti/orchestrator/main', [
    ...['--port', '0', '--grpc-port', '0', '--log-level', 'error', '--data-folder', await scratchFolder()],
  ]);
  const module = new URL('agents.ts', import.meta.url).href;
  await startProgram(module, [String(facts.grpcPort), String(agents)]);
  await nodesReady(`http://127.0.0.1:${facts.port}`, agents);
  await sleep(settleMs);
  const before = await cpuMs(pid);
  const startedAt = performance.now();
  await sleep(seconds * 1_000);
  const cpu = ((await cpuMs(pid)) - before) / (performance.now() - startedAt);
  const found = { agents, seconds, cpu, rssBytes: await rssBytes(pid) };
  await nodesReady(`http://127.0.0.1:${facts.port}`, agents);
  return found;
}

function shown({ agents, seconds, cpu, rssBytes: bytes }: Rest): string {
  return [
    `${agents} agents on streams of their own (without TLS), no calls, ${seconds} s:`,
    `the orchestrator takes ${(100 * cpu).toFixed(1)} % of a core and ${(bytes / 2 ** 20).toFixed(0)} MB.`,
    `bar: ${100 * limit} % of a core: ${cpu <= limit ? 'ok' : 'BROKEN'}`,
  ].join('\n');
}
