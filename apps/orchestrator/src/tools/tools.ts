import type { Clock, Tools } from '@tutti/core';
import { calculator } from './calculator.ts';
import { currentTime } from './current-time.ts';
import { fetchUrl } from './fetch-url.ts';

interface Options {
  readonly clock: Clock;
  /** Beginnings of URLs that `fetch_url` may fetch; none: it fetches nothing. */
  readonly allowedUrls: () => readonly string[];
}

/** Every tool that conversations can use. */
export function createTools({ clock, allowedUrls }: Options): Tools {
  const all = [calculator, currentTime(clock), fetchUrl({ clock, allowed: allowedUrls })];
  return Object.fromEntries(all.map((tool) => [tool.name, tool]));
}
