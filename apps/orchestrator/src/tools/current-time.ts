import { ClusterError, type Clock } from '@tutti/core';
import { z } from 'zod';
import { defineTool, type DefinedTool } from './define-tool.ts';

/** Tells the date and the time. */
export function currentTime(clock: Clock): DefinedTool {
  return defineTool({
    name: 'current_time',
    description: 'Tells the current date, weekday and time, in UTC or in a time zone like "Europe/Rome".',
    shape: z.object({ timeZone: z.string().min(1).max(64).default('UTC') }),
    async run({ timeZone }) {
      const now = new Date(clock.wallTime());
      return { time: now.toISOString(), local: localTime(now, timeZone), timeZone };
    },
  });
}

function localTime(now: Date, timeZone: string): string {
  try {
    return now.toLocaleString('en-GB', { timeZone, dateStyle: 'full', timeStyle: 'long' });
  } catch {
    throw new ClusterError('invalid_request', `There is no time zone "${timeZone}"; one is "Europe/Rome".`);
  }
}
