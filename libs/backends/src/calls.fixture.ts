import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { localPrincipal, Priority, Privacy, type Call, type Chunk, type ClusterError, type Context } from '@tutti/core';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import type { Done } from '@tutti/proto/tutti/agent/v1/chunk';

export function callWith(init: MessageInitShape<typeof CallSchema>): Call {
  return create(CallSchema, init);
}

/** A chat of one turn. */
export function chatCall(model: string, text: string, changes: MessageInitShape<typeof CallSchema> = {}): Call {
  const messages = text === '' ? [] : [{ role: 'user', parts: [{ kind: { case: 'text' as const, value: text } }] }];
  return callWith({ model, kind: { case: 'chat', value: { messages } }, ...changes });
}

export function contextWith(signal: AbortSignal = new AbortController().signal): Context {
  return {
    signal,
    requestId: 'r1',
    principal: localPrincipal,
    priority: Priority.DEFAULT,
    privacy: Privacy.CLUSTER,
    hops: 0,
    ticket: { sequence: 1, attempt: 1, excluded: new Set(), place: {} },
  };
}

/** An answer, read to its end or to the error that ended it. */
export interface Collected {
  /** What came, in order: the kinds of progress, "delta" and "done". */
  readonly kinds: readonly string[];
  readonly text: string;
  readonly vectors: readonly number[][];
  readonly done?: Done;
  readonly error?: ClusterError;
}

export async function collect(
  chunks: AsyncIterable<Chunk>,
  onChunk: (chunk: Chunk) => void = () => {},
): Promise<Collected> {
  const kinds: string[] = [];
  const vectors: number[][] = [];
  let text = '';
  let end: Done | undefined;
  let error: ClusterError | undefined;
  try {
    for await (const chunk of chunks) {
      const { kind } = chunk;
      kinds.push(kind.case === 'progress' ? kind.value.kind.case! : kind.case!);
      if (kind.case === 'delta') {
        text += kind.value.text;
        for (const { index, values } of kind.value.embeddings) (vectors[index] ??= []).push(...values);
      }
      if (kind.case === 'done') end = kind.value;
      onChunk(chunk);
    }
  } catch (thrown) {
    error = thrown as ClusterError;
  }
  return { kinds, text, vectors, ...(end && { done: end }), ...(error && { error }) };
}
