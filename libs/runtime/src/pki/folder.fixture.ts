import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { Clock } from '@tutti/core';
import { systemClock } from '../system-clock.ts';

/** Gives folders that are gone after each test. */
export function temporaryFolders(): () => Promise<string> {
  const made: string[] = [];
  afterEach(async () => {
    for (const folder of made.splice(0)) await rm(folder, { recursive: true, force: true });
  });
  return async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tutti-pki-'));
    made.push(folder);
    return join(folder, 'pki');
  };
}

/** The machine's clock, set wrong by so many milliseconds. */
export function clockOff(ms: number): Clock {
  return { ...systemClock, wallTime: () => systemClock.wallTime() + ms };
}
