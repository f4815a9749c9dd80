import { readdirSync, readFileSync } from 'node:fs';
import { fromJson, type JsonValue } from '@bufbuild/protobuf';
import type { Chunk } from '@tutti/core';
import { ChunkSchema, type Delta, type Done } from '@tutti/proto/tutti/agent/v1/chunk';

/** The files in a folder that hold, to the byte, what a dialect reads and writes. */
export interface Golden {
  /** The names of the files that end so, without that end. */
  names(suffix: string): string[];
  read(file: string): string;
  /** The answer in `NAME.chunks.json`. */
  answer(name: string): Answer;
}

export interface Answer {
  readonly deltas: Delta[];
  readonly done: Done;
}

export function goldenFiles(folder: URL): Golden {
  const read = (file: string): string => readFileSync(new URL(file, folder), 'utf8');
  return {
    read,
    names: (suffix) =>
      readdirSync(folder).flatMap((file) => (file.endsWith(suffix) ? [file.slice(0, -suffix.length)] : [])),
    answer(name) {
      const chunks = JSON.parse(read(`${name}.chunks.json`)) as JsonValue[];
      return answerOf(chunks.map((chunk) => fromJson(ChunkSchema, chunk)));
    },
  };
}

/** The pieces of an answer and its end, which must be there. */
export function answerOf(chunks: readonly Chunk[]): Answer {
  const deltas = chunks.flatMap(({ kind }) => (kind.case === 'delta' ? [kind.value] : []));
  const [done] = chunks.flatMap(({ kind }) => (kind.case === 'done' ? [kind.value] : []));
  if (!done) throw new Error('there is no done');
  return { deltas, done };
}
