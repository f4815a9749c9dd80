import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import type { Page } from './page.ts';

/** A person's home folder with what a page tells them to write there, and a project in it. */
export interface Home {
  readonly folder: string;
  /** Runs a shell command in the project; throws with what it wrote if it fails. */
  run(command: string): Promise<string>;
  /** Starts one that stays; gives a look at all that it has written. */
  start(command: string): Promise<() => Promise<string>>;
  close(): Promise<void>;
}

interface HomeOptions {
  readonly page: Page;
  /** Where the application's programs are. */
  readonly binFolder: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Name of the project's folder. */
  readonly project?: string;
}

interface Shell {
  /** The exit code; null if it was killed. */
  readonly exited: Promise<number | null>;
  readonly output: () => Promise<string>;
  readonly log: () => Promise<string>;
}

/** A proxy that is not there: nothing gets out of this machine, and nothing that an application does may need to. */
const nowhere = {
  HTTP_PROXY: 'http://127.0.0.1:9',
  HTTPS_PROXY: 'http://127.0.0.1:9',
  NO_PROXY: '127.0.0.1,localhost',
};

export async function createHome({ page, binFolder, env = {}, project = 'project' }: HomeOptions): Promise<Home> {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-connect-'));
  const cwd = join(folder, project);
  await mkdir(cwd);
  for (const { path, text } of page.files) {
    const file = path.startsWith('~/') ? join(folder, path.slice(2)) : join(cwd, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  const path = [binFolder, dirname(process.execPath), process.env['PATH']].join(delimiter);
  const proxies = Object.entries(nowhere).flatMap(([name, value]) => [
    [name, value],
    [name.toLowerCase(), value],
  ]);
  const whole = { PATH: path, HOME: folder, LANG: 'C.UTF-8', ...(Object.fromEntries(proxies) as object), ...env };
  const started: ChildProcess[] = [];

  /** What it writes goes to files: a pipe is not at its end while something that it leaves behind has it. */
  async function spawnShell(command: string): Promise<Shell> {
    const files = ['out', 'err'].map((kind) => join(folder, `${started.length}.${kind}`)) as [string, string];
    const [out, err] = await Promise.all([open(files[0], 'w'), open(files[1], 'w')]);
    const child = spawn('bash', ['-ec', command], {
      ...{ cwd, env: whole, detached: true },
      stdio: ['ignore', out.fd, err.fd],
    });
    started.push(child);
    const exited = once(child, 'exit').then(([code]) => code as number | null);
    exited.catch(() => {});
    await Promise.all([out.close(), err.close()]);
    const output = (): Promise<string> => readFile(files[0], 'utf8');
    return { exited, output, log: async () => (await output()) + (await readFile(files[1], 'utf8')) };
  }

  return {
    folder,
    start: async (command) => (await spawnShell(command)).log,
    async run(command) {
      const { exited, output, log } = await spawnShell(command);
      const code = await exited;
      if (code !== 0) throw new Error(`${command}\nended with ${code}:\n${(await log()).slice(-4_000)}`);
      return output();
    },
    async close() {
      for (const child of started) endGroup(child);
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

/** Ends a command and what it left behind. */
function endGroup({ pid }: ChildProcess): void {
  try {
    process.kill(-pid!, 'SIGKILL');
  } catch {
    // It left nothing.
  }
}
