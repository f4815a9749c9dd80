import { canonicalModel, ClusterError, type Clock } from '@tutti/core';
import type { Backend, Inventory } from '../backend.ts';

/** The options that a runner was loaded with, as its backend compares them. */
export interface Sent {
  /** Undefined: none was asked for. */
  readonly numCtx: number | undefined;
  /** As `runnerOptionsOf` gives them. */
  readonly options: string;
}

/** A model in the backend's memory. */
export interface Resident {
  /** Canonical name. */
  readonly model: string;
  readonly contextLength: number | undefined;
  /** Milliseconds until the backend unloads it if nobody asks; negative: never. Undefined: unknown. */
  readonly expiresInMs: number | undefined;
  /** Undefined: somebody else loaded it. */
  readonly sent: Sent | undefined;
  /** All that the backend tells of it. */
  readonly told: Inventory['runners'][number];
}

/** What is in the backend's memory, as it was last seen. */
export interface Residents {
  find(model: string): Resident | undefined;
  readonly list: readonly Resident[];
  /** Looks again if the last look is more than a second ago; an old view is better than none. */
  refresh(): Promise<void>;
  /** Looks now. Rejects with a ClusterError if the backend does not tell. */
  look(): Promise<void>;
  /** A call with these options runs on the model: so was it loaded, whatever was known before. */
  learn(model: string, sent: Sent): void;
}

const freshMs = 1_000;
const lookTimeoutMs = 5_000;

export function createResidents(read: NonNullable<Backend['residents']>, clock: Clock): Residents {
  const learnt = new Map<string, Sent & { readonly contextLength: number | undefined }>();
  let list: readonly Resident[] = [];
  let seenAt = -Infinity;
  let looks = 0;
  let newest = 0;
  let refreshing: Promise<void> | undefined;

  const find = (model: string): Resident | undefined => list.find((resident) => resident.model === model);

  const note = (runners: Inventory['runners']): void => {
    seenAt = clock.now();
    list = runners.map((told) => {
      const { model = '', contextLength, expiresInMs } = told;
      const name = canonicalModel(model);
      const known = learnt.get(name);
      return {
        model: name,
        contextLength,
        expiresInMs,
        sent: known?.contextLength === contextLength ? known : undefined,
        told,
      };
    });
    for (const model of learnt.keys()) if (!find(model)?.sent) learnt.delete(model);
  };

  const look = async (): Promise<void> => {
    const number = ++looks;
    const controller = new AbortController();
    const stop = clock.after(lookTimeoutMs, () =>
      controller.abort(new ClusterError('upstream_timeout', 'The backend did not tell what it has in memory.')),
    );
    try {
      const runners = await read(controller.signal);
      // Answers may overtake each other.
      if (number < newest) return;
      newest = number;
      note(runners);
    } finally {
      stop();
    }
  };

  return {
    find,
    get list() {
      return list;
    },
    look,
    async refresh() {
      if (clock.now() - seenAt <= freshMs) return;
      refreshing ??= look()
        .catch(() => {})
        .finally(() => (refreshing = undefined));
      await refreshing;
    },
    learn(model, sent) {
      const resident = find(model);
      if (!resident) return;
      learnt.set(model, { ...sent, contextLength: resident.contextLength });
      list = list.map((other) => (other === resident ? { ...resident, sent } : other));
    },
  };
}
