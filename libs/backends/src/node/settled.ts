import { create } from '@bufbuild/protobuf';
import {
  canonicalModel,
  done,
  isUnload,
  opened,
  progress,
  tapped,
  type Call,
  type Chunk,
  type Clock,
  type Context,
  type Generate,
  type Stream,
} from '@tutti/core';
import { ContextWindowSchema } from '@tutti/proto/tutti/agent/v1/call';
import { TimingsSchema } from '@tutti/proto/tutti/agent/v1/chunk';
import { loading } from '../loading.ts';
import { longKeepAliveMs } from './memory-calls.ts';
import type { Placement } from './placement.ts';
import type { Residents, Sent } from './residents.ts';
import { withRunnerOptions } from './runner-options.ts';
import { lateUseMs, type Traffic } from './traffic.ts';
import { optionsFor, wishOf } from './wish.ts';

interface Options {
  readonly placement: Placement;
  readonly residents: Residents;
  readonly traffic: Traffic;
  readonly trainedContext: (model: string) => number | undefined;
  readonly clock: Clock;
}

/** What stands in the answer to a wish to unload a model that stays. */
const kept = JSON.stringify({
  kept: `the model is in use, or others have used it in the last ${lateUseMs / 60_000} minutes`,
});

/** Between two reports of a load. */
const progressMs = 1_000;

/**
 * Sends each call so that it runs on the runner that is there, if that will do, and never makes the backend load a
 * model behind our back: what must be loaded is loaded first, by the placement.
 */
export function settled({ placement, residents, traffic, trainedContext, clock }: Options, next: Generate): Generate {
  const counted = traffic.counted(next);

  const settle = async function* (call: Call, context: Context): AsyncGenerator<Chunk, Stream<Chunk> | undefined> {
    const model = canonicalModel(call.model);
    const lonely = traffic.lonely(model);
    if (isUnload(call)) {
      yield started(undefined, false);
      await residents.refresh();
      if (!residents.find(model)) return void (yield done({ reason: 'unload' }));
      if (traffic.usedByOthers(model, context.client ?? '')) {
        return void (yield done({ reason: 'load', extraJson: kept }));
      }
      await placement.unload(model, { holdsSlot: true }, context.signal);
      return void (yield done({ reason: 'unload' }));
    }

    const visit = await placement.place(wishOf(call), { holdsSlot: true, evict: context.evict });
    const caused = visit?.caused === true;
    let loadMs: number | undefined;
    let sent = settings(model);
    try {
      yield started(visit ? visit.sent.numCtx : sent.numCtx, caused);
      if (visit) {
        const { since } = visit;
        ({ loadMs } = yield* loading(visit.loaded, { clock, signal: context.signal, everyMs: progressMs, since }));
        sent = settings(model);
      }
    } finally {
      visit?.leave();
    }

    return tapped(() => {
      let learnt = false;
      const leave = (): void => {
        // Nobody waits for it, and if another model comes into memory just now, that one decides who leaves.
        if (call.keepAliveMs === 0 && lonely()) {
          placement.unload(model, { holdsSlot: false }, new AbortController().signal).catch(() => {});
        }
      };
      return {
        items: counted(withSettings(call, sent, keepAliveMs(call, lonely())), context),
        see(chunk) {
          if (!learnt && chunk.kind.case !== 'progress') {
            residents.learn(model, sent);
            learnt = true;
          }
          if (caused && loadMs !== undefined) noteLoad(chunk, loadMs);
        },
        end: leave,
        leave,
      };
    });
  };

  return (call, context) => opened(settle(call, context));

  /** What a call on the model must say to be served by the runner that is there. */
  function settings(model: string): Sent {
    const runner = residents.find(model);
    return runner ? optionsFor(runner, trainedContext(model)) : { numCtx: undefined, options: '' };
  }
}

function started(numCtx: number | undefined, reload: boolean): Chunk {
  return progress({ case: 'started', value: { reload, ...(numCtx !== undefined && { numCtx }) } });
}

/** The time that the backend itself saw is that of a model which was there already. */
function noteLoad({ kind }: Chunk, loadMs: number): void {
  if (kind.case !== 'done') return;
  kind.value.timings ??= create(TimingsSchema);
  kind.value.timings.loadMs = loadMs;
}

function withSettings(call: Call, { numCtx, options }: Sent, keepAliveMs: number): Call {
  const { numCtx: wish, ...others } = call;
  return {
    ...others,
    keepAliveMs,
    optionsJson: withRunnerOptions(call.optionsJson, options),
    ...(numCtx !== undefined && {
      numCtx: create(ContextWindowSchema, { min: wish?.min ?? 0, preferred: numCtx }),
    }),
  };
}

/** One client's wish to free the memory soon counts only where it is the only one; 0 is seen to after the call. */
function keepAliveMs({ keepAliveMs: asked }: Call, lonely: boolean): number {
  if (asked === undefined) return longKeepAliveMs;
  if (asked < 0 || asked >= longKeepAliveMs) return asked;
  return asked > 0 && lonely ? asked : longKeepAliveMs;
}
