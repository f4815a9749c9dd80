import { create } from '@bufbuild/protobuf';
import { throwIfAborted, type Call, type Generate } from '@tutti/core';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import type { Model } from '@tutti/proto/tutti/agent/v1/state';
import { run } from './memory-calls.ts';
import type { Placement } from './placement.ts';
import type { Resident, Residents } from './residents.ts';
import { onlyEmbeds, optionsFor } from './wish.ts';

/**
 * Makes a resident model do a little work. False: it was not asked, since that could have loaded or evicted something.
 * True: it has worked, or is not in memory. Rejects with what the backend fails with, or when the signal aborts.
 */
export type Probe = (model: string, signal: AbortSignal) => Promise<boolean>;

interface Options {
  readonly residents: Residents;
  readonly placement: Pick<Placement, 'loading'>;
  readonly generate: Generate;
  readonly modelOf: (model: string) => Model | undefined;
}

/** A model that leaves so soon could be gone when the request arrives, and would be loaded by it. */
const leastRestMs = 10_000;
/** A model that reasons first may need some tokens before it shows anything. */
const thinkingTokens = 16;

export function createProbe({ residents, placement, generate, modelOf }: Options): Probe {
  return async (model, signal) => {
    if (placement.loading !== '') return false;
    const seen = await residents.look().then(
      () => true,
      () => false,
    );
    throwIfAborted(signal);
    if (!seen) return false;
    const runner = residents.find(model);
    if (!runner) return true;
    const { expiresInMs = Infinity, sent } = runner;
    if (placement.loading !== '' || !sent || (expiresInMs >= 0 && expiresInMs < leastRestMs)) return false;
    await run(generate, probeCall(runner, modelOf(model)), signal);
    return true;
  };
}

/** Something small that the model can do, with the runner's own options; its time in memory stays as it is. */
function probeCall(runner: Resident, model: Model | undefined): Call {
  const { numCtx, options } = optionsFor(runner, model?.contextLength);
  return create(CallSchema, {
    model: runner.model,
    optionsJson: options,
    numPredict: model?.capabilities.includes('thinking') ? thinkingTokens : 1,
    ...(numCtx !== undefined && { numCtx: { preferred: numCtx } }),
    ...(runner.expiresInMs !== undefined && { keepAliveMs: runner.expiresInMs }),
    kind: onlyEmbeds(model)
      ? { case: 'embed', value: { inputs: ['a'] } }
      : { case: 'completion', value: { prompt: 'a', raw: true } },
  });
}
