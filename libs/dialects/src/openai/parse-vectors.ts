import { done, type Chunk } from '@tutti/core';
import { bad, isObject } from '../ollama/line.ts';
import { isVector, vectorPieces } from '../vectors.ts';
import { usageOf } from './parse-usage.ts';

interface Asked {
  /** How many texts were to become vectors. */
  readonly inputs: number;
  /** A guess at their tokens, for servers that count nothing. */
  readonly promptTokens: number;
}

/** The answer of /v1/embeddings: deltas with the vectors, in pieces, then a done. Throws bad_upstream for anything else. */
export function parseVectors(text: string, { inputs, promptTokens }: Asked): Chunk[] {
  const body = bodyOf(text);
  const { data } = body;
  if (!Array.isArray(data) || data.length !== inputs) throw bad(`"data" does not have ${inputs} vectors`);
  const pieces = data.flatMap((item: unknown, at) => {
    if (!isObject(item)) throw bad('an item of "data" is not an object');
    const { index = at, embedding } = item;
    if (typeof index !== 'number' || index !== (index | 0) || index < 0 || index >= inputs) {
      throw bad('"index" is not the number of a text');
    }
    return vectorPieces(index, vectorOf(embedding));
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
  if (typeof value !== 'string') throw bad('"embedding" is no vector of numbers');
  const bytes = Buffer.from(value, 'base64');
  if (bytes.length === 0 || bytes.length % 4 !== 0) throw bad('"embedding" is no base64 of 32-bit floats');
  return Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(at * 4));
}

function bodyOf(text: string) {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw bad('it is not JSON', cause);
  }
  if (isObject(body)) return body;
  throw bad('it is not an object');
}
