import { readdir, readFile } from 'node:fs/promises';

/** What Linux says in /proc/PID/stat. */
export interface Stat {
  readonly parentPid: number;
  /** User and system time of all its threads, in milliseconds. */
  readonly cpuMs: number;
}

/** Linux counts in hundredths of a second there, on every platform. */
const tickMs = 10;

/** The text of /proc/PID/stat. The program's name stands in it as it is, spaces and brackets included. */
export function parseStat(text: string): Stat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [parentPid, userTicks, systemTicks] = [fields[1], fields[11], fields[12]].map(Number);
  return { parentPid: parentPid!, cpuMs: (userTicks! + systemTicks!) * tickMs };
}

/** CPU time that a process has used since its start. */
export async function cpuMs(pid: number): Promise<number> {
  return parseStat(await readFile(`/proc/${pid}/stat`, 'utf8')).cpuMs;
}

/** Physical memory that a process holds. */
export async function rssBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

/** What `read` finds for each of some processes, by name. */
export async function eachProcess(
  pids: Readonly<Record<string, number>>,
  read: (pid: number) => Promise<number>,
): Promise<Record<string, number>> {
  const entries = Object.entries(pids).map(async ([name, pid]) => [name, await read(pid)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** CPU time of a process and of all that it started and that still run. */
export async function treeCpuMs(rootPid: number): Promise<number> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const stats = new Map<number, Stat>();
  for (const pid of pids) {
    // A process may end while the others are read.
    const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    if (text !== undefined) stats.set(pid, parseStat(text));
  }
  const costOf = (pid: number): number => {
    const children = stats.entries().filter(([, { parentPid }]) => parentPid === pid);
    return children.reduce((sum, [child]) => sum + costOf(child), stats.get(pid)?.cpuMs ?? 0);
  };
  return costOf(rootPid);
}
