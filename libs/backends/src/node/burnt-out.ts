import { canonicalModel, type Call, type Clock } from '@tutti/core';
import type { Placement } from './placement.ts';
import type { Probe } from './probe.ts';
import type { Traffic } from './traffic.ts';

interface Options {
  readonly probe: Probe;
  readonly placement: Pick<Placement, 'loading'>;
  readonly traffic: Pick<Traffic, 'readingMs'>;
  readonly clock: Clock;
}

const mostMs = 120_000;
/** What a short prompt may take, and what a guess may be off by. */
const slackMs = 2_000;
const slack = 2;

/**
 * Returns a function that resolves when the backend has stopped working on a call that was cancelled while it read the
 * prompt: it notices nothing before the first token. A request behind it shows when that is, or the time that it
 * should have taken has passed.
 */
export function createBurntOut({ probe, placement, traffic, clock }: Options): (call: Call) => Promise<void> {
  return (call) =>
    new Promise((resolve) => {
      // It has only waited for the load.
      if (placement.loading === canonicalModel(call.model)) return resolve();
      const controller = new AbortController();
      const end = (): void => {
        stop();
        controller.abort();
        resolve();
      };
      const stop = clock.after(Math.min(traffic.readingMs(call) * slack + slackMs, mostMs), end);
      probe(canonicalModel(call.model), controller.signal).then(
        (asked) => {
          if (asked) end();
        },
        // It is no better off than the call that was cancelled: the time decides.
        () => {},
      );
    });
}
