import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { eachProcess } from '../process-cost.ts';
import { askProgram, type Program } from '../program.ts';
import type { Heap } from './heap-probe.ts';
import { left } from './workload.ts';

export interface Residue {
  readonly streams: number;
  /** Of one process: what is held after a forced collection, before and after. */
  readonly processes: Readonly<Record<string, { readonly before: Held; readonly after: Held }>>;
}

interface Held extends Heap {
  readonly files: number;
}

/** Until what was left behind is gone. */
const settleMs = 3_000;

/** Opens streams and leaves each after its first words. As many as are counted go before, to warm up. */
export async function measureCancelled(
  url: string,
  programs: Readonly<Record<string, Program<unknown>>>,
  streams: number,
): Promise<Residue> {
  await leaveStreams(url, streams);
  const before = await heldBy(programs);
  await leaveStreams(url, streams);
  const after = await heldBy(programs);
  const names = Object.keys(programs);
  return {
    streams,
    processes: Object.fromEntries(names.map((name) => [name, { before: before[name]!, after: after[name]! }])),
  };
}

async function heldBy(programs: Readonly<Record<string, Program<unknown>>>): Promise<Record<string, Held>> {
  await sleep(settleMs);
  const pids = Object.fromEntries(Object.entries(programs).map(([name, { pid }]) => [name, pid]));
  const files = await eachProcess(pids, async (pid) => (await readdir(`/proc/${pid}/fd`)).length);
  const held = Object.entries(programs).map(async ([name, program]) => {
    const heap = await askProgram<Heap>(program, 'heap');
    return [name, { ...heap, files: files[name]! }] as const;
  });
  return Object.fromEntries(await Promise.all(held));
}

async function leaveStreams(url: string, count: number): Promise<void> {
  const pool = new Pool(url, { connections: left.concurrency });
  let open = count;
  const client = async (): Promise<void> => {
    while (open-- > 0) {
      const response = await pool.request({ method: 'POST', path: left.path, body: left.body });
      response.body.on('error', () => {});
      await new Promise((resolve) => response.body.once('data', resolve));
      response.body.destroy();
    }
  };
  await Promise.all(Array.from({ length: left.concurrency }, client));
  await pool.destroy();
}
