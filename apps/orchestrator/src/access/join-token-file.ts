import { rename, writeFile } from 'node:fs/promises';
import type { Clock } from '@tutti/core';
import type { Log } from '@tutti/runtime/log';
import type { IssueJoinToken } from './join-tokens.ts';

/** A token in the file can be used for so long, by so many; a fresh one takes its place long before. */
const ttlMs = 24 * 60 * 60_000;
const refreshMs = 12 * 60 * 60_000;
const uses = 100;
/** After an attempt that failed: the store or the disk may come back. */
const retryMs = 5_000;

interface Options {
  readonly path: string;
  readonly issueJoinToken: IssueJoinToken;
  readonly clock: Clock;
  readonly log: Log;
}

/** Keeps a join token that works in a file, for agents that can read it; resolves once the first stands there. */
export async function keepJoinTokenFile({ path, issueJoinToken, clock, log }: Options) {
  let stop = (): void => {};
  const write = async (): Promise<void> => {
    try {
      const { text } = await issueJoinToken({ ttlMs, uses });
      await writeFile(`${path}.part`, `${text}\n`, { mode: 0o600 });
      await rename(`${path}.part`, path);
      stop = clock.after(refreshMs, () => void write());
    } catch (error) {
      log.error('join token file not written', { path, error });
      stop = clock.after(retryMs, () => void write());
    }
  };
  await write();
  return { close: () => stop() };
}
