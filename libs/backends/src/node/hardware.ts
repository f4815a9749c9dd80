import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import { promisify } from 'node:util';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { GpuSchema, HardwareSchema } from '@tutti/proto/tutti/agent/v1/state';

type Gpu = MessageInitShape<typeof GpuSchema>;
type Hardware = MessageInitShape<typeof HardwareSchema>;

const run = promisify(execFile);

/** Returns a function that reads the machine's state; CPU load is over the time since the last reading. */
export function hardwareProbe(): () => Promise<Hardware> {
  let before = cpuTimes();
  let gpuTool = true;
  const cpus = os.cpus();
  const model = cpus[0]?.model.trim();
  return async () => {
    const now = cpuTimes();
    const total = now.total - before.total;
    const busy = total - (now.idle - before.idle);
    before = now;
    const gpus = gpuTool ? await nvidiaGpus() : undefined;
    gpuTool = gpus !== undefined;
    return {
      hostname: os.hostname(),
      os: os.platform(),
      arch: os.arch(),
      ...(model && { cpuModel: model }),
      cpuCount: cpus.length,
      ...(total > 0 && { cpuLoad: busy / total }),
      memoryTotalBytes: os.totalmem(),
      memoryAvailableBytes: await availableMemory(),
      gpus: gpus ?? [],
    };
  };
}

function cpuTimes(): { total: number; idle: number } {
  const times = os.cpus().map((cpu) => cpu.times);
  const total = times.reduce((sum, t) => sum + t.user + t.nice + t.sys + t.idle + t.irq, 0);
  return { total, idle: times.reduce((sum, t) => sum + t.idle, 0) };
}

/** Linux counts caches that it would give back as taken; `MemAvailable` does not. */
async function availableMemory(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1];
  return kilobytes ? Number(kilobytes) * 1024 : os.freemem();
}

const gpuColumns = 'name,memory.total,memory.used,temperature.gpu,utilization.gpu';

/** Undefined: the machine has no `nvidia-smi`, and needs not be asked again. */
async function nvidiaGpus(): Promise<Gpu[] | undefined> {
  try {
    const { stdout } = await run('nvidia-smi', [`--query-gpu=${gpuColumns}`, '--format=csv,noheader,nounits'], {
      timeout: 5_000,
    });
    return stdout.trim().split('\n').map(parseGpu);
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : [];
  }
}

/** One line of `nvidia-smi`; a card that cannot tell a value prints `[N/A]` or `[Not Supported]` for it. */
export function parseGpu(line: string): Gpu {
  const [name = '', total, used, temperature, load] = line.split(',').map((cell) => cell.trim());
  const number = (cell: string | undefined): number | undefined =>
    cell && /^[\d.]+$/.test(cell) ? Number(cell) : undefined;
  const memoryTotal = number(total);
  const memoryUsed = number(used);
  const temperatureC = number(temperature);
  const percent = number(load);
  return {
    name,
    ...(memoryTotal !== undefined && { memoryTotalBytes: memoryTotal * 2 ** 20 }),
    ...(memoryUsed !== undefined && { memoryUsedBytes: memoryUsed * 2 ** 20 }),
    ...(temperatureC !== undefined && { temperatureC }),
    ...(percent !== undefined && { load: percent / 100 }),
  };
}
