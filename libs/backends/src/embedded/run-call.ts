import { asksNothing, ClusterError, done, type Call, type Chunk, type Clock, type Random } from '@tutti/core';
import { loading } from '../loading.ts';
import { answer, type Workplace } from './answer.ts';
import { embed } from './embed.ts';
import { chatHistory } from './history.ts';
import { chatPrompt, completionPrompt } from './prompt.ts';
import { refuseUnsupported } from './refuse.ts';
import type { Resident } from './resident.ts';
import type { Runtime } from './runtime.ts';

/** Between two reports of a load. */
const progressMs = 250;

export interface CallPorts {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly random: Random;
  /** For calls that do not say how long the model stays; negative: for ever. */
  readonly keepAliveMs: number;
}

/** Waits for the model's turn, runs one call and lets the model rest. What the engine throws passes unchanged. */
export async function* runCall(
  call: Call,
  model: Resident,
  ports: CallPorts,
  signal: AbortSignal,
): AsyncGenerator<Chunk> {
  refuseUnsupported(call, call.model, (await model.facts()).capabilities);
  const keepAliveMs = call.keepAliveMs ?? ports.keepAliveMs;
  const isUnload = asksNothing(call) && call.keepAliveMs === 0;
  const release = await model.takeTurn(signal);
  try {
    if (isUnload) yield done({ reason: 'unload' });
    else yield* work(call, model, ports, signal);
  } catch (thrown) {
    // After a failure of its own the engine's state is unknown.
    if (!(thrown instanceof ClusterError) && !signal.aborted) await model.unload();
    throw thrown;
  } finally {
    if (keepAliveMs === 0) await model.unload();
    else model.keepFor(keepAliveMs);
    release();
  }
}

async function* work(call: Call, resident: Resident, ports: CallPorts, signal: AbortSignal): AsyncGenerator<Chunk> {
  const { runtime, clock } = ports;
  const startedAt = clock.now();
  const isLoaded = resident.footprint() !== undefined;
  const loaded = resident.model();
  const model = isLoaded
    ? await loaded
    : yield* loading(loaded, { clock, signal, everyMs: progressMs, fraction: resident.loadedFraction });
  const loadMs = clock.now() - startedAt;
  const place: Workplace = { ...ports, resident, signal, startedAt, loadMs };

  const { kind } = call;
  if (asksNothing(call)) return yield done({ reason: 'load', timings: { totalMs: loadMs, loadMs } });
  if (kind.case === 'embed') return yield* embed(kind.value, place);
  const wrapper = resident.chatWrapper(call.think !== 'false');
  if (kind.case === 'chat') {
    const prompt = chatPrompt(chatHistory(kind.value.messages), wrapper, model, runtime.library);
    return yield* answer(call, prompt, place);
  }
  if (kind.case === 'completion') {
    return yield* answer(call, completionPrompt(kind.value, wrapper, model, runtime.library), place);
  }
  throw new ClusterError('invalid_request', 'the call is neither chat nor completion nor embed');
}
