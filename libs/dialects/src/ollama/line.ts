import { ClusterError } from '@tutti/core';
import { members } from '../json/spans.ts';
import { objectText } from '../json/text.ts';
import { redacted } from './parse-error.ts';

/** A line of Ollama's, or a whole answer, as JSON.parse gives it. */
export type Line = Readonly<Record<string, unknown>>;

/** Throws upstream_error if the line tells an error, bad_upstream if it is no JSON object. */
export function readLine(text: string): Line {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch (cause) {
    throw bad('it is not JSON', cause);
  }
  if (!isObject(line)) throw bad('it is not an object');
  const { error } = line;
  if (error === undefined || error === null || error === '') return line;
  throw new ClusterError('upstream_error', redacted(typeof error === 'string' ? error : 'the backend failed'));
}

/** The text of the members that are not in `known`; empty if there are none. Most lines have none, and are not scanned. */
export function extraOf(text: string, line: Line, known: ReadonlySet<string>): string {
  if (!hasOthers(line, known)) return '';
  return objectText(members(text).filter(([key]) => !known.has(key)));
}

/** A loop, since this is asked of every token's line. */
function hasOthers(line: Line, known: ReadonlySet<string>): boolean {
  for (const key in line) if (!known.has(key)) return true;
  return false;
}

/** The exact text of a member that is known to be there. */
export function spanOf(text: string, key: string): string {
  return new Map(members(text)).get(key) ?? '';
}

export function textField(holder: Line | undefined, key: string): string {
  const value = holder?.[key] ?? '';
  if (typeof value === 'string') return value;
  throw bad(`"${key}" is not a string`);
}

export function countField(line: Line, key: string): number | undefined {
  const value = line[key] ?? undefined;
  if (value === undefined || isCount(value)) return value;
  throw bad(`"${key}" is not a count`);
}

/** Ollama's durations are nanoseconds. */
export function msField(line: Line, key: string): number | undefined {
  const value = line[key] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value === 'number') return value / 1e6;
  throw bad(`"${key}" is not a number`);
}

export function contextField(line: Line): number[] {
  const value = line['context'] ?? [];
  if (Array.isArray(value) && value.every(isCount)) return value;
  throw bad('"context" is not a list of tokens');
}

export function isObject(value: unknown): value is Line {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value === (value | 0);
}

/** The error for an answer that is not Ollama's. */
export function bad(fault: string, cause?: unknown): ClusterError {
  return new ClusterError('bad_upstream', `the backend's answer makes no sense: ${fault}`, { cause });
}
