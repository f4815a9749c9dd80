import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from '../../../../tools/ollama/cached.ts';
import { cacheFolder } from '../../../../tools/ollama/cache-folder.ts';
import { runCommand } from '../../../../tools/ollama/run-command.ts';
import { application, type Application } from './application.ts';

const folder = join(cacheFolder(), 'connect');

interface Packages {
  /** Packages beside the application, with their versions. */
  readonly and?: readonly string[];
  /** What others ask for and no test needs. */
  readonly without?: readonly string[];
}

/** A package of PyPI in an environment of its own, on a Python that all of them take; installed once a machine. */
export function fromPypi(
  name: string,
  version: string,
  { and = [], without = [] }: Packages = {},
): Promise<Application> {
  const place = join(folder, `${name}-${version}`);
  return application(name, version, async () => {
    const uv = await provisionUv();
    await made(place, async (scratch) => {
      const overrides = join(scratch, 'overrides.txt');
      await writeFile(overrides, without.map((left) => `${left} ; sys_platform == 'never'\n`).join(''));
      await runCommand(uv, ['venv', '--quiet', '--clear', '--python', '3.11', place]);
      const where = ['--quiet', '--python', join(place, 'bin', 'python'), '--overrides', overrides];
      await runCommand(uv, ['pip', 'install', ...where, `${name}==${version}`, ...and]);
    });
    return join(place, 'bin');
  });
}

/** pip takes many minutes for what uv does in one. */
async function provisionUv(): Promise<string> {
  const place = join(folder, 'uv-0.13.8');
  await made(place, async () => {
    await runCommand('python3', ['-m', 'venv', '--clear', place]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
    await runCommand(join(place, 'bin', 'python'), [...pip, 'uv==0.13.8']);
  });
  return join(place, 'bin', 'uv');
}

/** Scripts in an environment name its place, so it is made where it stays, and counts when its mark is there. */
async function made(place: string, make: (scratch: string) => Promise<void>): Promise<void> {
  await cached(`${place}.made`, async (mark, scratch) => {
    await make(scratch);
    await writeFile(mark, '');
  });
}
