import { ClusterError } from '@tutti/core';
import { members } from '../json/spans.ts';
import { objectText } from '../json/text.ts';
import { badUpstream, isCount, readObject, type JsonObject } from '../upstream.ts';
import { redacted } from './parse-error.ts';

/** A line of Ollama's, or a whole answer. Throws upstream_error if it tells an error, bad_upstream if it is no JSON object. */
export function readLine(text: string): JsonObject {
  const line = readObject(text);
  const { error } = line;
  if (error === undefined || error === null || error === '') return line;
  throw new ClusterError('upstream_error', redacted(typeof error === 'string' ? error : 'the backend failed'));
}

/** The text of the members that are not in `known`; empty if there are none. Most lines have none, and are not scanned. */
export function extraOf(text: string, line: JsonObject, known: ReadonlySet<string>): string {
  if (!hasOthers(line, known)) return '';
  return objectText(members(text).filter(([key]) => !known.has(key)));
}

/** A loop, since this is asked of every token's line. */
function hasOthers(line: JsonObject, known: ReadonlySet<string>): boolean {
  for (const key in line) if (!known.has(key)) return true;
  return false;
}

/** The exact text of a member that is known to be there. */
export function spanOf(text: string, key: string): string {
  return new Map(members(text)).get(key) ?? '';
}

/** Ollama's durations are nanoseconds. */
export function msField(line: JsonObject, key: string): number | undefined {
  const value = line[key] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value === 'number') return value / 1e6;
  throw badUpstream(`"${key}" is not a number`);
}

export function contextField(line: JsonObject): number[] {
  const value = line['context'] ?? [];
  if (Array.isArray(value) && value.every(isCount)) return value;
  throw badUpstream('"context" is not a list of tokens');
}
