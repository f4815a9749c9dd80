import {
  abortError,
  canonicalModel,
  ClusterError,
  delta,
  done,
  modelNotFound,
  onAbort,
  progress,
  textDelta,
  throwIfAborted,
} from '@tutti/core';
import type { Call, Chunk, Clock, Context, Generate, Random } from '@tutti/core';
import type { NodeState } from '@tutti/proto/tutti/agent/v1/state';
import type { MachineCall, MachineError, MachineListener, MachineResult } from '../machine-call.ts';
import type { MachineModel } from '../machine-profile.ts';
import { createChunkPipe, type ChunkPipe } from './chunk-pipe.ts';
import { createPlacement, type Place, type Ready, type Wish } from './placement.ts';
import { snapshot, type SnapshotSource } from './snapshot.ts';
import { createStateReports } from './state-reports.ts';

/** A machine with an agent in front of it, as an orchestrator has it: a way to run calls, and reports. */
export interface SimulatedNode {
  readonly name: string;
  readonly generate: Generate;
  /** Hears of the state at once, and then of each change, 0.2 to 0.5 s late. The returned function ends that. */
  watch(report: (state: NodeState) => void): () => void;
  /** Models that were unloaded for others; the machine's own evictions are not among them. */
  readonly evictions: number;
}

/** What a machine makes of a call. */
export interface SimulatedWork extends Pick<MachineCall, 'promptTokens' | 'prefix' | 'outputTokens'> {
  /** Hears what the machine does with the call. */
  readonly observer?: Partial<MachineListener>;
}

interface Options extends SnapshotSource {
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  /** What the call means for a machine: its text does not tell how long the answer will be. */
  readonly work: (call: Call, context: Context) => SimulatedWork;
}

/** Output is told in pieces of so long: an event a token would be all that the simulation does. */
const pieceMs = 250;
/** For as long as a machine goes on with a call that was cancelled. */
const zombieMs = 200;

const word = textDelta('word ');

export function createSimulatedNode(options: Options): SimulatedNode {
  const { name, machine, profile, models, clock, random } = options;
  const placement = createPlacement(machine, profile);
  let seq = 0;
  const take = (): NodeState => snapshot(options, placement, ++seq, clock.now());
  const reports = createStateReports({ clock, random, take });

  async function* generate(call: Call, context: Context): AsyncGenerator<Chunk> {
    throwIfAborted(context.signal);
    const place = placement.enter(wishOf(call, context, models));
    reports.touch();
    try {
      yield progress({ case: 'accepted', value: { waiting: place.mustWait ? 1 : 0 } });
      const ready = await place.ready(context.signal);
      yield* answer(call, context, place, ready);
    } finally {
      place.leave();
      reports.touch();
    }
  }

  /** Sends the call to the machine and passes on what comes. */
  async function* answer(
    call: Call,
    { signal, ...context }: Context,
    place: Place,
    ready: Ready,
  ): AsyncGenerator<Chunk> {
    const { observer, ...work } = options.work(call, { signal, ...context });
    const pipe = createChunkPipe();
    const askedAtMs = clock.now();
    let told = 0;
    let stopPieces = (): void => {};

    const tell = (): void => {
      for (const tokens = submission.outputTokens(); told < tokens; told += 1) pipe.push(word);
    };
    const tellNowAndThen = (): void => {
      stopPieces = clock.after(pieceMs, () => {
        tell();
        tellNowAndThen();
      });
    };
    const numCtx = ready.numCtx === undefined ? {} : { numCtx: ready.numCtx };
    const sent: MachineCall = { ...work, ...numCtx, model: canonicalModel(call.model), truncate: false };
    pipe.push(progress({ case: 'started', value: { queueMs: 0, ...numCtx, reload: ready.loads } }));
    place.sent();
    const submission = machine.submit(sent, {
      loading() {
        pipe.push(progress({ case: 'loading', value: { elapsedMs: clock.now() - askedAtMs } }));
        reports.touch();
        observer?.loading?.();
      },
      started(facts) {
        ready.loaded();
        reports.touch();
        observer?.started?.(facts);
      },
      firstToken(facts) {
        pipe.push(word);
        told = 1;
        tellNowAndThen();
        observer?.firstToken?.(facts);
      },
      ended(result) {
        tell();
        finish(pipe, result, ready);
        observer?.ended?.(result);
      },
      failed(error) {
        pipe.end(errorOf(error, call.model));
        observer?.failed?.(error);
      },
    });
    const forget = onAbort(signal, () => {
      submission.cancel(zombieMs);
      pipe.end(abortError(signal));
    });
    try {
      yield* pipe;
    } finally {
      forget();
      stopPieces();
      submission.cancel(zombieMs);
      ready.loaded();
    }
  }

  return {
    name,
    generate,
    watch: reports.watch,
    get evictions() {
      return placement.evictions;
    },
  };
}

function wishOf(call: Call, { evict = [] }: Context, models: readonly MachineModel[]): Wish {
  const name = canonicalModel(call.model);
  const model = models.find((other) => other.name === name);
  if (!model) throw modelNotFound(call.model);
  return {
    model,
    min: Math.min(model.trainedContext, call.numCtx?.min ?? 0),
    preferred: call.numCtx?.preferred ?? 0,
    evict,
  };
}

function finish(pipe: ChunkPipe, result: MachineResult, { loads }: Ready): void {
  const { promptMs, outputMs, loadMs, promptTokens, cachedTokens, outputTokens } = result;
  if (outputTokens === 0) pipe.push(delta({ embeddings: [{ index: 0, values: [0.6, 0.8] }] }));
  pipe.push(
    done({
      reason: 'stop',
      usage: { promptTokens, cachedTokens, outputTokens },
      timings: { promptMs, outputMs, ...(loads && { loadMs }), totalMs: loadMs + promptMs + outputMs },
    }),
  );
  pipe.end();
}

function errorOf(error: MachineError, model: string): ClusterError {
  switch (error) {
    case 'busy':
      return new ClusterError('overloaded', 'server busy, please try again.  maximum pending requests exceeded');
    case 'no_model':
      return modelNotFound(model);
    case 'too_long':
      return new ClusterError('context_length_exceeded', 'the input length exceeds the context length');
    case 'does_not_fit':
      return new ClusterError('upstream_error', `"${model}" does not fit into the memory of the machine.`);
    case 'crashed':
      return new ClusterError('upstream_error', 'The connection to the backend broke.');
  }
}
