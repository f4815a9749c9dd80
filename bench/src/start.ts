import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { treeCpuMs } from './process-cost.ts';
import { endedWithUs } from './program.ts';
import { scratchFolder } from './scratch.ts';
import { median } from './statistics.ts';

/**
 * CPU time in milliseconds that `tutti up` and its processes have used when it prints its banner; the median of some
 * starts, after a first one that compiles what the others find compiled.
 */
export async function measureStart(times: number): Promise<number> {
  const folder = await scratchFolder();
  await startOnce(folder);
  const costs: number[] = [];
  for (let i = 0; i < times; i++) costs.push(await startOnce(folder));
  return median(costs);
}

async function startOnce(folder: string): Promise<number> {
  const program = fileURLToPath(import.meta.resolve('@tutti/cli/src/main.ts'));
  const child = endedWithUs(
    spawn(process.execPath, [program, 'up', '--backend', 'echo', '--port', '0'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, XDG_DATA_HOME: folder, XDG_CACHE_HOME: folder },
    }),
  );
  let words = '';
  child.stderr!.on('data', (bytes: Buffer) => (words += bytes.toString('utf8')));
  const exited = once(child, 'exit');
  const printed = await Promise.race([once(child.stdout!, 'data'), exited.then(() => undefined)]);
  if (!printed) throw new Error(`tutti up ended before it was ready: ${words}`);
  const cost = await treeCpuMs(child.pid!);
  child.kill('SIGTERM');
  await exited;
  return cost;
}
