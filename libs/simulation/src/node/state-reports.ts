import type { Clock, Random } from '@tutti/core';
import type { NodeState } from '@tutti/proto/tutti/agent/v1/state';

/** The reports of a node, as late as an agent and a network make them. */
export interface StateReports {
  /** Something has changed. */
  touch(): void;
  /** Hears of the state at once, and then of changes and every few seconds. The returned function ends that. */
  watch(report: (state: NodeState) => void): () => void;
}

interface Options {
  readonly clock: Clock;
  readonly random: Random;
  readonly take: () => NodeState;
}

/** From a change to the snapshot that shows it. */
const settleMs = 200;
/** A snapshot is on its way for that long at most. */
const longestTravelMs = 300;
const intervalMs = 5_000;

export function createStateReports({ clock, random, take }: Options): StateReports {
  const watchers = new Set<(state: NodeState) => void>();
  let arrivesAtMs = 0;
  let stopTouch: (() => void) | undefined;
  let stopInterval = (): void => {};

  const publish = (): void => {
    stopTouch = undefined;
    const state = take();
    // One never overtakes another.
    arrivesAtMs = Math.max(arrivesAtMs, clock.now() + random() * longestTravelMs);
    clock.after(arrivesAtMs - clock.now(), () => {
      for (const report of watchers) report(state);
    });
  };

  const publishNowAndThen = (): void => {
    stopInterval = clock.after(intervalMs, () => {
      publish();
      publishNowAndThen();
    });
  };

  return {
    touch() {
      if (watchers.size > 0) stopTouch ??= clock.after(settleMs, publish);
    },
    watch(report) {
      if (watchers.size === 0) publishNowAndThen();
      watchers.add(report);
      report(take());
      return () => {
        watchers.delete(report);
        if (watchers.size > 0) return;
        stopInterval();
        stopTouch?.();
        stopTouch = undefined;
      };
    },
  };
}
