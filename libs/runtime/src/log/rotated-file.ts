import { mkdirSync } from 'node:fs';
import { open, rename, type FileHandle } from 'node:fs/promises';
import { basename, dirname, extname } from 'node:path';
import type { Clock } from '@tutti/core';
import { systemClock } from '../system-clock.ts';

/** Lines that may wait for the disk. */
const mostWaiting = 1_000;

/** After so long a disk that refused a line is tried again. */
const retryMs = 10_000;

interface Options {
  readonly path: string;
  /** Hears once that lines are lost, and once that they are written again. */
  readonly tell: (message: string, fields: object) => void;
  /** A larger file is set aside. */
  readonly maxBytes?: number;
  /** Files that are kept, the newest included. */
  readonly maxFiles?: number;
  readonly clock?: Clock;
}

/**
 * Appends lines to a file; the newest are in `path`, those before in `path` with 1, 2 … before its ending. A full or slow
 * disk costs lines and nothing else. (winston's own file transport loses what arrives during a rotation, and holds up
 * the whole log for good once a write has failed.)
 */
export function rotatedFile(options: Options): (line: string) => void {
  const { path, tell, maxBytes = 10 * 2 ** 20, maxFiles = 5, clock = systemClock } = options;
  mkdirSync(dirname(path), { recursive: true });
  const file = basename(path);
  let handle: FileHandle | undefined;
  let bytes = 0;
  let waiting: string[] = [];
  let writing = false;
  let dropped = 0;
  let retryAt = -Infinity;

  const numbered = (index: number): string => {
    const ending = extname(path);
    return index === 0 ? path : `${path.slice(0, path.length - ending.length)}${index}${ending}`;
  };

  const rotate = async (): Promise<void> => {
    await handle?.close();
    handle = undefined;
    for (let index = maxFiles - 1; index > 0; index--) {
      await rename(numbered(index - 1), numbered(index)).catch(() => {});
    }
  };

  const append = async (text: string): Promise<void> => {
    if (!handle) {
      handle = await open(path, 'a', 0o600);
      bytes = (await handle.stat()).size;
    }
    // What failed may have left half a line.
    await handle.appendFile(dropped > 0 ? `\n${text}` : text);
    bytes += Buffer.byteLength(text);
    if (bytes >= maxBytes) await rotate();
  };

  const drop = (count: number, error?: unknown): void => {
    dropped += count;
    // What is told comes back here as a line.
    if (dropped === count) tell('the log file loses lines; is the disk full?', { file, error });
  };

  const attempt = async (lines: readonly string[]): Promise<void> => {
    if (clock.now() < retryAt) return drop(lines.length);
    try {
      await append(lines.join(''));
      if (dropped > 0) tell('the log file is written again', { file, dropped });
      dropped = 0;
    } catch (error) {
      drop(lines.length, error);
      retryAt = clock.now() + retryMs;
      await handle?.close().catch(() => {});
      handle = undefined;
    }
  };

  const write = async (): Promise<void> => {
    writing = true;
    while (waiting.length > 0) await attempt(waiting.splice(0));
    writing = false;
  };

  return (line) => {
    if (waiting.length >= mostWaiting) return drop(1);
    waiting.push(`${line}\n`);
    if (!writing) void write();
  };
}
