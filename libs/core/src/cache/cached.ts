import type { Call, Chunk, Context, Generate } from '../generate.ts';
import { Privacy } from '../generate.ts';
import { throwIfAborted } from '../signal.ts';
import type { AnswerCache, CacheOutcome } from './answer-cache.ts';
import { answerKey, asksForAnswer, isDeterministic, type Hash } from './answer-key.ts';
import { chunksOf, createRecording } from './kept-answer.ts';
import { createSharedCall, type SharedCall } from './shared-call.ts';

interface Options {
  readonly cache: AnswerCache;
  readonly hash: Hash;
  /** What the call's model is now; "" or undefined: that cannot be told, or differs between nodes. */
  readonly versionOf: (call: Call) => string | undefined;
}

/** A call that the cache may answer. */
interface Asked {
  readonly call: Call;
  readonly context: Context;
  readonly version: string;
  readonly key: string;
}

/** A store takes nothing larger. */
const largestAnswerBytes = 4 * 2 ** 20;

/**
 * Gives an answer again that the same key has got for the same call: only what the model would repeat, unless
 * `context.cache` asks for more. Calls that come while one of the same content runs share it. It stands where the call's
 * model is the one that runs; the steps of runs have journals of their own and pass by.
 */
export function cached(options: Options, next: Generate): Generate {
  const { cache } = options;
  const running = new Map<string, SharedCall>();

  /** Runs a call for all who come while it runs. */
  const share = (place: string, asked: Asked): SharedCall => {
    const shared: SharedCall = createSharedCall(
      (signal) => answered(options, next, asked, signal, () => shared.close()),
      () => running.delete(place),
    );
    running.set(place, shared);
    return shared;
  };

  const serve = async function* (version: string, call: Call, context: Context): AsyncGenerator<Chunk> {
    const key = answerKey(call, context, version, options.hash);
    const kept = cache.memory.get(key);
    if (kept) {
      note(cache, context, 'hit');
      yield* counted(cache, replayed(kept, context.signal));
      return;
    }
    // Those who share a call share its place in the queue, and what becomes of it when it fails.
    const { priority, hops, fallback, resume } = context;
    const place = JSON.stringify([key, priority, hops, fallback, resume]);
    const shared = running.get(place);
    if (shared) {
      note(cache, context, 'hit');
      yield* counted(cache, copies(shared.read(context.signal)));
      return;
    }
    yield* share(place, { call, context, version, key }).read(context.signal);
  };

  return (call, context) => {
    const version = versionToCache(options, call, context);
    if (version === undefined) {
      note(cache, context, 'bypass');
      return next(call, context);
    }
    return serve(version, call, context);
  };
}

/** The answer from the shelf, or a new one, which is kept if it may be. `onUnkept` is called if it will not be. */
async function* answered(
  { cache, versionOf }: Options,
  next: Generate,
  { call, context, version, key }: Asked,
  signal: AbortSignal,
  onUnkept: () => void,
): AsyncGenerator<Chunk> {
  const shelf = context.privacy === Privacy.LOCAL ? undefined : cache.shelf;
  const stored = await shelf?.find(key);
  note(cache, context, stored ? 'hit' : 'miss');
  if (stored) {
    cache.memory.set(key, stored.answer, stored.answer.byteLength, stored.ageMs);
    yield* counted(cache, replayed(stored.answer, signal));
    return;
  }
  const recording = createRecording(call, Math.min(largestAnswerBytes, cache.settings.maxBytes));
  for await (const chunk of next(call, { ...context, signal })) {
    recording.see(chunk);
    if (!recording.keepable) onUnkept();
    const { answer } = recording;
    // The model may have been replaced meanwhile.
    if (answer && versionOf(call) === version) {
      cache.memory.set(key, answer, answer.byteLength);
      shelf?.put(key, context.principal.id, answer);
    }
    yield chunk;
  }
}

function note(cache: AnswerCache, context: Context, outcome: CacheOutcome): void {
  cache.count(outcome);
  context.onCache?.(outcome);
}

/** Undefined: the call is not for the cache. */
function versionToCache({ cache, versionOf }: Options, call: Call, context: Context): string | undefined {
  if (!cache.settings.enabled || context.cache === 'bypass' || context.run !== undefined) return undefined;
  if (!asksForAnswer(call) || (context.cache !== 'use' && !isDeterministic(call, context))) return undefined;
  return versionOf(call) || undefined;
}

async function* replayed(answer: Uint8Array, signal: AbortSignal): AsyncGenerator<Chunk> {
  for (const chunk of chunksOf(answer)) {
    throwIfAborted(signal);
    yield chunk;
  }
}

/** Readers tell pieces apart by identity, and one may read twice. */
async function* copies(chunks: AsyncIterable<Chunk>): AsyncGenerator<Chunk> {
  for await (const { kind, ...rest } of chunks) yield { ...rest, kind: { ...kind, value: { ...kind.value } } } as Chunk;
}

/** Counts the tokens of an answer that no model had to give again. */
async function* counted(cache: AnswerCache, chunks: AsyncIterable<Chunk>): AsyncGenerator<Chunk> {
  for await (const chunk of chunks) {
    if (chunk.kind.case === 'done') {
      const { promptTokens = 0, outputTokens = 0 } = chunk.kind.value.usage ?? {};
      cache.countSaved(promptTokens + outputTokens);
    }
    yield chunk;
  }
}
