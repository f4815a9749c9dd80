import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  ChunkSchema,
  type Delta,
  type DeltaSchema,
  type DoneSchema,
  type Chunk,
  type ProgressSchema,
} from '@tutti/proto/tutti/agent/v1/chunk';

type ProgressKind = NonNullable<MessageInitShape<typeof ProgressSchema>['kind']>;

/** A chunk that tells what the call waits for. */
export function progress(kind: ProgressKind): Chunk {
  return create(ChunkSchema, { kind: { case: 'progress', value: { kind } } });
}

/** A chunk with a piece of the answer. */
export function delta(value: MessageInitShape<typeof DeltaSchema>): Chunk {
  return create(ChunkSchema, { kind: { case: 'delta', value } });
}

/** As `delta({ text })`, without the schema's help: this is made once a token. */
export function textDelta(text: string): Chunk {
  const value: Delta = {
    $typeName: 'tutti.agent.v1.Delta',
    text,
    thinking: '',
    toolCalls: [],
    logprobs: [],
    embeddings: [],
    extraJson: '',
  };
  return { $typeName: 'tutti.agent.v1.Chunk', kind: { case: 'delta', value } };
}

/** The last chunk. */
export function done(value: MessageInitShape<typeof DoneSchema>): Chunk {
  return create(ChunkSchema, { kind: { case: 'done', value } });
}

/** Whether the chunk says that the call waits, in a queue or at the node, or that its model is being loaded. */
export function isWaiting({ kind }: Chunk): boolean {
  if (kind.case !== 'progress') return false;
  const { kind: what } = kind.value;
  if (what.case === 'accepted') return what.value.waiting > 0;
  return what.case === 'queued' || what.case === 'loading' || (what.case === 'started' && what.value.reload);
}
