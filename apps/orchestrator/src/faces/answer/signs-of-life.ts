import type { ServerResponse } from 'node:http';
import type { Clock } from '@tutti/core';
import type { Rendering } from './rendering.ts';
import type { RouteFacts } from './route-facts.ts';

interface Options {
  readonly clock: Clock;
  readonly facts: RouteFacts;
}

/** Proxies close connections on which nothing comes for half a minute or so. */
const intervalMs = 10_000;

/** Tells the client, now and then, that its call still waits, until there is something to show. */
export function withSigns<T>(
  first: Promise<T>,
  raw: ServerResponse,
  { waiting }: Rendering,
  { clock, facts }: Options,
): Promise<T> {
  if (!waiting) return first;
  let stop = (): void => {};
  const tell = (): void => {
    stop = clock.after(intervalMs, tell);
    if (!raw.destroyed) raw.write(waiting(facts.queued));
  };
  tell();
  return first.finally(() => stop());
}
