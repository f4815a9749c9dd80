import PQueue from 'p-queue';
import {
  canonicalModel,
  ClusterError,
  opened,
  progress,
  tapped,
  throwIfAborted,
  type Call,
  type Chunk,
  type Clock,
  type Context,
  type Generate,
  type Stream,
} from '@tutti/core';
import { unlessAborted } from '../unless-aborted.ts';
import { createFairShare, type FairShare } from './fair-share.ts';

/** How many calls a node takes. */
export interface Limits {
  /** Most calls that run at a time, over all models. */
  readonly total: number;
  /** Most calls that run at a time on one model. */
  readonly perRunner: number;
}

/** The node's slots: who runs, who waits. */
export interface Slots {
  /** Slots of calls that run. */
  readonly busy: number;
  /** Slots of calls that were cancelled, and on which the backend may still work. */
  readonly zombie: number;
  readonly waiting: number;
  /** Slots of one model that are not free. */
  inUse(model: string): number;
  /**
   * Runs calls as slots allow; one waits per model, and one on the node for models that leave for it, the rest end with
   * `no_slot`. A slot lasts as long as its stream. Embeddings of one model share a slot: they are joined further down.
   */
  readonly admitted: (next: Generate) => Generate;
  /** Resolves when nothing runs or waits; zombies are nobody's calls. */
  readonly idle: () => Promise<void>;
}

interface Options extends Limits {
  readonly clock: Clock;
  /** Called after each change of who runs and who waits. */
  readonly onChange: () => void;
  /** Whether the memory has a place for the call; if not, it ends with `no_slot`. */
  readonly mayEnter?: (call: Call) => boolean;
  /** Whether the call first waits until others have ended, so that their models can leave for its own. */
  readonly drains?: (call: Call, context: Context) => boolean;
  /** Resolves when the backend no longer works on a call that was cancelled before it answered; never rejects. */
  readonly burntOut?: (call: Call) => Promise<void>;
}

interface Turn {
  /** Calls in front of this one. */
  readonly waiting: number;
  /** Resolves when the slot is free. */
  readonly started: Promise<void>;
  /** Gives the slot or the place back; the slot not before `until` resolves. */
  readonly leave: (until?: Promise<void>) => void;
}

interface Runner {
  readonly queue: PQueue;
  readonly shares: FairShare;
  /** The turn that the model's embeddings share. */
  embeds?: { readonly turn: Turn; calls: number } | undefined;
}

/** Queues of models that nobody asks for any more are dropped when there are so many. */
const mostRunners = 100;
/** Embeddings of one model that are accepted at a time. */
export const mostEmbeds = 32;

/** One p-queue per model; the node's own cap is kept where calls come in, so that no call waits in two queues. */
export function createSlots({ total, perRunner, clock, mayEnter, drains, burntOut, ...options }: Options): Slots {
  const runners = new Map<string, Runner>();
  const shares = createFairShare(total, clock);
  let zombie = 0;
  const sum = (count: (queue: PQueue) => number): number =>
    runners.values().reduce((n, { queue }) => n + count(queue), 0);
  const taken = (): number => sum((queue) => queue.pending);
  /** What waits for models to leave has its slot already, beyond those that the node has. */
  const beyond = (): number => Math.max(0, taken() - total);
  const isIdle = (): boolean => taken() - zombie + sum((queue) => queue.size) === 0;
  const whenIdle = new Set<() => void>();

  const onChange = (): void => {
    options.onChange();
    if (!isIdle()) return;
    for (const resolve of whenIdle) resolve();
    whenIdle.clear();
  };

  const runnerOf = (model: string): Runner => {
    const known = runners.get(model);
    if (known) return known;
    if (runners.size >= mostRunners) {
      for (const [name, { queue }] of runners) if (queue.pending + queue.size === 0) runners.delete(name);
    }
    const runner: Runner = {
      queue: new PQueue({ concurrency: perRunner }),
      shares: createFairShare(perRunner + 1, clock),
    };
    runners.set(model, runner);
    return runner;
  };

  /** A slot of the model, or its waiting place; `places`: how many the node has for such a call. */
  const takeSlot = (model: string, owner: string, places: number): Turn => {
    const runner = runnerOf(model);
    const { queue } = runner;
    const mustWait = queue.pending >= perRunner;
    const left = perRunner + 1 - queue.pending - queue.size;
    const fair = runner.shares.allows(owner, left) && (mustWait || shares.allows(owner, places - taken()));
    if (!fair) throw new ClusterError('no_slot', `All ${total} slots and the waiting place of "${model}" are taken.`);
    runner.shares.take(owner);
    shares.take(owner);
    const waiting = new AbortController();
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    const { promise: started, resolve: start } = Promise.withResolvers<void>();
    let running = false;
    queue
      .add(
        () => {
          running = true;
          start();
          return over;
        },
        { signal: waiting.signal },
      )
      .catch(() => {})
      .finally(onChange);
    onChange();
    return {
      waiting: mustWait || beyond() > 0 ? 1 : 0,
      started,
      leave(until) {
        runner.shares.give(owner);
        shares.give(owner);
        if (!running) return waiting.abort();
        if (!until) return end();
        zombie += 1;
        onChange();
        void until.then(() => {
          zombie -= 1;
          end();
        });
      },
    };
  };

  /** A place in the slot that the embeddings of the model share; the first one brings the slot, the last one gives it back. */
  const joinEmbeds = (model: string, owner: string, places: number): Turn => {
    const runner = runnerOf(model);
    runner.embeds ??= { turn: takeSlot(model, owner, places), calls: 0 };
    const { embeds } = runner;
    if (embeds.calls >= mostEmbeds) {
      throw new ClusterError('no_slot', `${mostEmbeds} embeddings of "${model}" run already.`);
    }
    embeds.calls += 1;
    return {
      ...embeds.turn,
      leave(until) {
        embeds.calls -= 1;
        if (embeds.calls > 0) return;
        runner.embeds = undefined;
        embeds.turn.leave(until);
      },
    };
  };

  const take = (call: Call, context: Context): Turn => {
    const { signal, principal } = context;
    throwIfAborted(signal);
    const model = canonicalModel(call.model);
    if (mayEnter && !mayEnter(call)) {
      throw new ClusterError('no_slot', `"${model}" is not in memory, which is about to change for another model.`);
    }
    const places = drains?.(call, context) ? total + 1 : total;
    return (call.kind.case === 'embed' ? joinEmbeds : takeSlot)(model, principal.id, places);
  };

  const admitted = (next: Generate): Generate => {
    const enter = async function* (call: Call, context: Context): AsyncGenerator<Chunk, Stream<Chunk>> {
      const askedAt = clock.now();
      const turn = take(call, context);
      let started = false;
      try {
        yield progress({ case: 'accepted', value: { waiting: turn.waiting } });
        await unlessAborted(turn.started, context.signal);
        started = true;
      } finally {
        if (!started) turn.leave();
      }
      return run(call, context, turn, clock.now() - askedAt);
    };

    const run = (call: Call, context: Context, turn: Turn, queueMs: number): Stream<Chunk> =>
      tapped(() => {
        let burns = false;
        const leave = (): void => turn.leave(burns && context.signal.aborted ? burntOut?.(call) : undefined);
        return {
          items: next(call, context),
          see(chunk) {
            burns = chunk.kind.case === 'progress';
            noteWait(chunk, queueMs);
          },
          end: leave,
          leave,
        };
      });

    return (call, context) => opened(enter(call, context));
  };

  return {
    get busy() {
      return taken() - zombie - beyond();
    },
    get zombie() {
      return zombie;
    },
    get waiting() {
      return sum((queue) => queue.size) + beyond();
    },
    inUse: (model) => runners.get(model)?.queue.pending ?? 0,
    admitted,
    idle: () => (isIdle() ? Promise.resolve() : new Promise((resolve) => whenIdle.add(resolve))),
  };
}

/** Says at the beginning and at the end how long the call waited here. */
function noteWait({ kind }: Chunk, queueMs: number): void {
  if (kind.case === 'progress' && kind.value.kind.case === 'started') kind.value.kind.value.queueMs = queueMs;
  if (kind.case === 'done' && kind.value.timings) kind.value.timings.queueMs = queueMs;
}

/** Tells that a call begins, for backends whose calls nobody settles. */
export function announced(next: Generate): Generate {
  const begin = async function* (call: Call, context: Context): AsyncGenerator<Chunk, AsyncIterable<Chunk>> {
    yield progress({ case: 'started', value: {} });
    return next(call, context);
  };
  return (call, context) => opened(begin(call, context));
}
