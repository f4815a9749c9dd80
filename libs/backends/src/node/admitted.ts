import PQueue from 'p-queue';
import {
  abortError,
  canonicalModel,
  ClusterError,
  linkedController,
  progress,
  throwIfAborted,
  type Clock,
  type Generate,
} from '@tutti/core';

/** How many calls a node takes. */
export interface Limits {
  /** Most calls that run at a time, over all models. */
  readonly total: number;
  /** Most calls that run at a time on one model. */
  readonly perRunner: number;
}

/** The node's slots: who runs, who waits. */
export interface Slots {
  readonly busy: number;
  readonly waiting: number;
  /** Runs calls as slots allow; one waits per model, the rest end with `no_slot`. A slot lasts as long as its stream. */
  readonly admitted: (next: Generate) => Generate;
  /** Resolves when nothing runs or waits. */
  readonly idle: () => Promise<void>;
}

interface Options extends Limits {
  readonly clock: Clock;
  /** Called after each change of `busy` or `waiting`. */
  readonly onChange: () => void;
}

interface Turn {
  /** Calls in front of this one. */
  readonly waiting: number;
  /** Resolves when the slot is free; rejects when the call is aborted first. */
  readonly started: Promise<void>;
  /** Gives the slot or the place back. */
  readonly leave: () => void;
}

/** Queues of models that nobody asks for any more are dropped when there are so many. */
const mostRunners = 100;

/** One p-queue per model; the node's own cap is kept where calls come in, so that no call waits in two queues. */
export function createSlots({ total, perRunner, clock, onChange }: Options): Slots {
  const runners = new Map<string, PQueue>();
  const sum = (count: (runner: PQueue) => number): number =>
    runners.values().reduce((n, runner) => n + count(runner), 0);
  const busy = (): number => sum((runner) => runner.pending);

  const take = (model: string, signal: AbortSignal): Turn => {
    throwIfAborted(signal);
    const runner = runners.get(model) ?? addRunner(model);
    const mustWait = runner.pending >= perRunner;
    if (mustWait ? runner.size >= 1 : busy() >= total) {
      throw new ClusterError('no_slot', `All ${total} slots and the waiting place of "${model}" are taken.`);
    }
    const { promise: over, resolve: leave } = Promise.withResolvers<void>();
    // p-queue would free the slot at once when the signal aborts: it only hears of aborts while the call waits.
    const wait = mustWait ? linkedController(signal) : undefined;
    const started = new Promise<void>((resolve, reject) => {
      const running = () => {
        wait?.unlink();
        resolve();
        return over;
      };
      runner
        .add(running, wait && { signal: wait.controller.signal })
        .catch(() => reject(abortError(signal)))
        .finally(onChange);
    });
    // Whoever leaves while waiting never looks at it.
    started.catch(() => {});
    onChange();
    return { waiting: mustWait ? 1 : 0, started, leave };
  };

  const addRunner = (model: string): PQueue => {
    if (runners.size >= mostRunners) {
      for (const [name, { pending, size }] of runners) if (pending + size === 0) runners.delete(name);
    }
    const runner = new PQueue({ concurrency: perRunner });
    runners.set(model, runner);
    return runner;
  };

  const admitted = (next: Generate): Generate =>
    async function* (call, context) {
      const askedAt = clock.now();
      const turn = take(canonicalModel(call.model), context.signal);
      try {
        yield progress({ case: 'accepted', value: { waiting: turn.waiting } });
        await turn.started;
        const queueMs = clock.now() - askedAt;
        yield progress({ case: 'started', value: { queueMs } });
        for await (const chunk of next(call, context)) {
          if (chunk.kind.case === 'done' && chunk.kind.value.timings) chunk.kind.value.timings.queueMs = queueMs;
          yield chunk;
        }
      } finally {
        turn.leave();
      }
    };

  return {
    get busy() {
      return busy();
    },
    get waiting() {
      return sum((runner) => runner.size);
    },
    admitted,
    async idle() {
      await Promise.all(runners.values().map((runner) => runner.onIdle()));
    },
  };
}
