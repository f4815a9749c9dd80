import { clone, create } from '@bufbuild/protobuf';
import { delta, done, type Call, type Chunk } from '@tutti/core';
import { CallSchema, ContextWindowSchema, type Embed } from '@tutti/proto/tutti/agent/v1/call';
import { ChunkSchema, UsageSchema, type Done } from '@tutti/proto/tutti/agent/v1/chunk';

/** A call for embeddings. */
export interface EmbedCall extends Call {
  kind: { case: 'embed'; value: Embed };
}

export function isEmbed(call: Call): call is EmbedCall {
  return call.kind.case === 'embed';
}

/** Calls with the same key can be one request. */
export function groupKey({ model, digest, optionsJson, extraJson, dialect, kind: { value } }: EmbedCall): string {
  return JSON.stringify([model, digest, optionsJson, extraJson, dialect, value.dimensions, value.truncate]);
}

export function bytesOf({ kind: { value } }: EmbedCall): number {
  return value.inputs.reduce((sum, input) => sum + Buffer.byteLength(input), 0);
}

/** The request that stands for all of them. */
export function joined(calls: readonly EmbedCall[]): Call {
  const [first] = calls;
  if (!first || calls.length === 1) return first!;
  const windows = calls.flatMap(({ numCtx }) => numCtx ?? []);
  const { numCtx: _, keepAliveMs: __, ...call } = clone(CallSchema, first) as EmbedCall;
  call.kind.value.inputs = calls.flatMap(({ kind }) => kind.value.inputs);
  const keepAliveMs = longest(calls.map((other) => other.keepAliveMs));
  return {
    ...call,
    ...(keepAliveMs !== undefined && { keepAliveMs }),
    ...(windows.length > 0 && {
      numCtx: create(ContextWindowSchema, {
        min: Math.max(...windows.map(({ min }) => min)),
        preferred: Math.max(...windows.map(({ preferred }) => preferred)),
      }),
    }),
  };
}

/** Undefined is the agent's own, and longer than what people ask for; negative is for ever. */
function longest(keepAlives: readonly (number | undefined)[]): number | undefined {
  const asked = keepAlives.filter((keepAliveMs) => keepAliveMs !== undefined);
  const forever = asked.find((keepAliveMs) => keepAliveMs < 0);
  return forever ?? (asked.length < keepAlives.length ? undefined : Math.max(...asked));
}

/** What each of the calls gets of a chunk of their request; undefined: nothing. */
export function shares(chunk: Chunk, calls: readonly EmbedCall[]): (Chunk | undefined)[] {
  const { kind } = chunk;
  if (calls.length === 1) return [chunk];
  if (kind.case === 'done') return doneShares(kind.value, calls);
  if (kind.case !== 'delta') return calls.map(() => clone(ChunkSchema, chunk));
  let offset = 0;
  return calls.map((call) => {
    const begin = offset;
    offset += call.kind.value.inputs.length;
    const own = kind.value.embeddings.filter(({ index }) => index >= begin && index < offset);
    if (own.length === 0) return undefined;
    return delta({ embeddings: own.map(({ index, values }) => ({ index: index - begin, values })) });
  });
}

/** The backend counts all texts together: each call gets its part by size. */
function doneShares({ usage, timings, ...rest }: Done, calls: readonly EmbedCall[]): Chunk[] {
  const total = calls.reduce((sum, call) => sum + bytesOf(call), 0);
  return calls.map((call) => {
    const part = total > 0 ? bytesOf(call) / total : 1 / calls.length;
    const count = (tokens: number | undefined) => (tokens === undefined ? undefined : Math.round(tokens * part));
    const { promptTokens, outputTokens } = usage ?? {};
    return done({
      reason: rest.reason,
      extraJson: rest.extraJson,
      ...(timings && { timings: { ...timings } }),
      ...(usage && {
        usage: create(UsageSchema, {
          estimated: true,
          promptTokens: count(promptTokens),
          outputTokens: count(outputTokens),
        }),
      }),
    });
  });
}
