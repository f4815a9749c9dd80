import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { ClusterError } from '@tutti/core';

/** A file, by its path and by what people call it. */
export interface FileName {
  readonly path: string;
  readonly name: string;
}

const fileNames = ['tutti.yaml', 'config.yaml'];

interface Places {
  /** Named outright; it must be there. */
  readonly named: string | undefined;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** The file of settings: the one that is named, else that of the working folder, else the user's. */
export function findFile({ named, cwd, env }: Places): FileName | undefined {
  if (named !== undefined) return { path: resolve(cwd, named), name: named };
  const userFolder = join(env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'tutti');
  return only(cwd, (name) => name) ?? only(userFolder, (name) => join(userFolder, name));
}

function only(folder: string, called: (name: string) => string): FileName | undefined {
  const [first, second] = fileNames.filter((name) => existsSync(join(folder, name)));
  if (first === undefined) return undefined;
  if (second === undefined) return { path: join(folder, first), name: called(first) };
  throw new ClusterError(
    'invalid_request',
    `Both ${called(first)} and ${called(second)} are there. Remove one, or name the one to use with --config.`,
  );
}

const mostBytes = 1024 * 1024;

/** The text of a file that is UTF-8 and at most 1 MiB. */
export function readText({ path, name }: FileName): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ClusterError('invalid_request', `${name} cannot be read (${code}).`, { cause: error });
  }
  if (bytes.length > mostBytes) {
    throw new ClusterError('invalid_request', `${name} has ${bytes.length} bytes: at most ${mostBytes} are read.`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new ClusterError('invalid_request', `${name} is not UTF-8 text. Save it as UTF-8.`, { cause: error });
  }
}
