import { done, normalised, type Chunk } from '@tutti/core';
import { badUpstream, isObject, readObject } from '../upstream.ts';
import { isVector, vectorPieces } from '../vectors.ts';
import { usageOf } from './parse-usage.ts';

interface Asked {
  /** How many texts were to become vectors. */
  readonly inputs: number;
  /** Length of the vectors that was asked for; undefined: the model's own. */
  readonly dimensions?: number | undefined;
  /** A guess at their tokens, for servers that count nothing. */
  readonly promptTokens: number;
}

/** The answer of /v1/embeddings: deltas with the vectors, in pieces, then a done. Throws bad_upstream for anything else. */
export function parseVectors(text: string, { inputs, promptTokens, dimensions }: Asked): Chunk[] {
  const body = readObject(text);
  const { data } = body;
  if (!Array.isArray(data) || data.length !== inputs) throw badUpstream(`"data" does not have ${inputs} vectors`);
  const pieces = data.flatMap((item: unknown, at) => {
    if (!isObject(item)) throw badUpstream('an item of "data" is not an object');
    const { index = at, embedding } = item;
    if (typeof index !== 'number' || index !== (index | 0) || index < 0 || index >= inputs) {
      throw badUpstream('"index" is not the number of a text');
    }
    return vectorPieces(index, shortened(vectorOf(embedding), dimensions));
  });
  const usage = usageOf(body)?.promptTokens;
  return [
    ...pieces,
    done({
      reason: 'stop',
      usage: usage === undefined ? { estimated: true, promptTokens } : { promptTokens: usage },
      timings: {},
    }),
  ];
}

/** Numbers, or 32-bit floats, little end first, in base64. */
function vectorOf(value: unknown): number[] {
  if (isVector(value)) return value;
  if (typeof value !== 'string') throw badUpstream('"embedding" is no vector of numbers');
  const bytes = Buffer.from(value, 'base64');
  if (bytes.length === 0 || bytes.length % 4 !== 0) throw badUpstream('"embedding" is no base64 of 32-bit floats');
  return Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(at * 4));
}

/** Not every server knows of another length: then it is done as Ollama does it, and the vector is of length 1 again. */
function shortened(vector: number[], dimensions: number | undefined): number[] {
  if (!dimensions || vector.length <= dimensions) return vector;
  return normalised(vector.slice(0, dimensions));
}
