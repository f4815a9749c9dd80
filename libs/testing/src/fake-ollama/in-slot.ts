import type { Slot } from '@tutti/simulation';
import type { Exchange } from './exchange.ts';
import type { Strike } from './faults.ts';
import type { Model } from './model.ts';
import { delayedPace, sharedPace, type Pace } from './pace.ts';
import { promptMarks } from './prompt-marks.ts';
import type { RunnerLease } from './runners.ts';
import type { ServerState } from './server-state.ts';

/** What a request wants of the slot that it waits for. */
export interface SlotRequest {
  readonly model: Model;
  readonly lease: RunnerLease;
  /** All that the model reads, and how many tokens it is. */
  readonly text: string;
  readonly promptTokens: number;
  readonly strike: Strike | undefined;
}

/** Does the work in a slot of the runner. A client that leaves ends it, unless a zombie is to be made of it. */
export async function inSlot(
  state: ServerState,
  exchange: Exchange,
  request: SlotRequest,
  work: (pace: Pace) => Promise<void>,
): Promise<void> {
  const { lease, strike, text, promptTokens } = request;
  const speeds = speedsOf(state, request.model);
  const prompt = speeds ? promptMarks(text, promptTokens) : { tokens: promptTokens, prefix: [] };
  const slot = await lease.slot(prompt, exchange.signal);
  const pace = speeds
    ? sharedPace(exchange, state.clock, {
        ...speeds,
        processor: state.processor,
        group: lease.runner,
        promptTokens: promptTokens - slot.cachedTokens,
      })
    : delayedPace(exchange, state.clock, state.firstTokenDelayMs, state.tokenDelayMs);
  try {
    await work(pace);
  } finally {
    if (strike?.fault === 'zombie' && exchange.signal.aborted) linger(state, strike.delayMs, pace, slot);
    else leave(pace, slot);
  }
}

function speedsOf(
  state: ServerState,
  model: Model,
): { readonly prefillSpeed: number; readonly decodeSpeed: number } | undefined {
  const prefillSpeed = model.prefillSpeed ?? state.prefillSpeed;
  const decodeSpeed = model.decodeSpeed ?? state.decodeSpeed;
  return prefillSpeed === undefined || decodeSpeed === undefined ? undefined : { prefillSpeed, decodeSpeed };
}

function leave(pace: Pace, slot: Slot): void {
  const readTokens = slot.cachedTokens + pace.readTokens;
  pace.stop();
  slot.leave(readTokens);
}

function linger(state: ServerState, forMs: number, pace: Pace, slot: Slot): void {
  state.zombies++;
  state.clock.after(forMs, () => {
    state.zombies--;
    leave(pace, slot);
  });
}
