import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { InvokeResponseSchema } from '@tutti/proto/tutti/agent/v1/agent';
import type { Delta, Done } from '@tutti/proto/tutti/agent/v1/chunk';
import type { Call, Chunk } from '../generate.ts';
import { canonicalModel } from '../model-name.ts';

/** Collects an answer while it goes by. */
export interface Recording {
  see(chunk: Chunk): void;
  /** Whether it can still be kept. */
  readonly keepable: boolean;
  /** The whole answer; undefined: it is not complete, or not one to give again. */
  readonly answer: Uint8Array | undefined;
}

/** What a piece takes beside its words. */
const pieceBytes = 64;
const numberBytes = 8;

/** Records all but progress, in the same pieces. What takes more than `mostBytes` is dropped. */
export function createRecording(call: Call, mostBytes: number): Recording {
  let chunks: Chunk[] = [];
  let bytes = 0;
  let keepable = true;
  let complete = false;
  return {
    see(chunk) {
      if (!keepable) return;
      const { kind } = chunk;
      if (kind.case === 'progress') {
        keepable = !isElsewise(chunk, call);
      } else {
        chunks.push(chunk);
        if (kind.case === 'delta') bytes += roughBytes(kind.value);
        if (kind.case === 'done') keepable = complete = isWhole(kind.value, call);
      }
      keepable &&= bytes <= mostBytes;
      if (!keepable) chunks = [];
    },
    get keepable() {
      return keepable;
    },
    get answer() {
      if (!keepable || !complete) return undefined;
      return toBinary(InvokeResponseSchema, create(InvokeResponseSchema, { chunks }));
    },
  };
}

/** The chunks of a kept answer. */
export function chunksOf(answer: Uint8Array): Chunk[] {
  return fromBinary(InvokeResponseSchema, answer).chunks;
}

/** Whether another model answers, or another node goes on where one broke off. */
function isElsewise({ kind }: Chunk, { model }: Call): boolean {
  if (kind.case !== 'progress') return false;
  const { kind: what } = kind.value;
  if (what.case === 'retrying') return what.value.reason === 'resumed';
  return (
    what.case === 'dispatched' && what.value.model !== '' && canonicalModel(what.value.model) !== canonicalModel(model)
  );
}

/** One that ran out of room is only whole if the caller set the room. */
function isWhole({ reason }: Done, { kind, numPredict = 0 }: Call): boolean {
  if (kind.case === 'embed') return true;
  return reason === 'length' ? numPredict > 0 : reason !== 'load' && reason !== 'unload';
}

/** Less would be exact for no one: it only bounds what a recording holds. */
function roughBytes({ text, thinking, extraJson, toolCalls, logprobs, embeddings }: Delta): number {
  const words = text.length + thinking.length + extraJson.length;
  const calls = toolCalls.reduce((sum, { argumentsJson }) => sum + pieceBytes + argumentsJson.length, 0);
  const odds = logprobs.reduce((sum, { top }) => sum + pieceBytes * (1 + top.length), 0);
  return (
    pieceBytes + words + calls + odds + embeddings.reduce((sum, { values }) => sum + numberBytes * values.length, 0)
  );
}
