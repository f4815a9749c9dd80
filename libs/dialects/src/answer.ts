import { create } from '@bufbuild/protobuf';
import { DeltaSchema, type Delta } from '@tutti/proto/tutti/agent/v1/chunk';
import { moreMembers } from './json/text.ts';

/** Fields that a face adds to the last object of an answer. */
export type Extra = Readonly<Record<string, unknown>>;

/** Such fields as text, each after a comma. */
export function extraMembers(extra: Extra): string {
  return moreMembers(Object.entries(extra).map(([key, value]) => [key, JSON.stringify(value)]));
}

/** The pieces of an answer, put together. Unknown fields of single pieces are left behind. */
export function joinDeltas(deltas: readonly Delta[]): Delta {
  return create(DeltaSchema, {
    text: deltas.map(({ text }) => text).join(''),
    thinking: deltas.map(({ thinking }) => thinking).join(''),
    toolCalls: deltas.flatMap(({ toolCalls }) => toolCalls),
    logprobs: deltas.flatMap(({ logprobs }) => logprobs),
    embeddings: joinVectors(deltas),
  });
}

function joinVectors(deltas: readonly Delta[]): { index: number; values: number[] }[] {
  const vectors = new Map<number, number[]>();
  for (const { index, values } of deltas.flatMap(({ embeddings }) => embeddings)) {
    const vector = vectors.get(index) ?? [];
    for (const value of values) vector.push(value);
    vectors.set(index, vector);
  }
  return [...vectors].toSorted(([one], [other]) => one - other).map(([index, values]) => ({ index, values }));
}
