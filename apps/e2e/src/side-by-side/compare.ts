import type { Answer } from './answer.ts';
import type { PartOfOne } from './known.ts';
import { masked } from './masked.ts';

/** Where Tutti's answer is not Ollama's: "place: what Ollama has -> what Tutti has", each once. */
export function differencesOf(direct: Answer, through: Answer): string[] {
  return [...new Set(differing('', plainOf(direct), plainOf(through)))];
}

/** An answer without the parts that the other side has no match for. `note` hears of each that is left out. */
export function withoutParts(answer: Answer, left: readonly PartOfOne[], note: (entry: PartOfOne) => void): Answer {
  if (answer.parts.length < 2) return answer;
  const isKept = (part: unknown): boolean => {
    const entry = left.find((one) => one.part.test(JSON.stringify(part)));
    if (entry) note(entry);
    return entry === undefined;
  };
  return { ...answer, parts: answer.parts.filter(isKept) };
}

/** The parts under a name that says which, so that one answer is not compared with many lines. */
function plainOf({ status, contentType, parts }: Answer): unknown {
  return { status, contentType, ...(parts.length === 1 ? { body: masked(parts[0]) } : { parts: masked(parts) }) };
}

function differing(place: string, one: unknown, other: unknown): string[] {
  if (Array.isArray(one) && Array.isArray(other)) return differingLists(place, one, other);
  if (isObject(one) && isObject(other)) return differingObjects(place, one, other);
  return Object.is(one, other) ? [] : [`${place}: ${textOf(one)} -> ${textOf(other)}`];
}

function differingLists(place: string, one: readonly unknown[], other: readonly unknown[]): string[] {
  const count = one.length === other.length ? [] : [`${place}.length: ${one.length} -> ${other.length}`];
  const both = one.slice(0, other.length);
  return [...count, ...both.flatMap((item, index) => differing(`${place}[]`, item, other[index]))];
}

type Fields = Readonly<Record<string, unknown>>;

/** Fields of both in their order count too: people read what they see first. */
function differingObjects(place: string, one: Fields, other: Fields): string[] {
  const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  const inner = keys.flatMap((key) => differing(place === '' ? key : `${place}.${key}`, one[key], other[key]));
  const [ones, others] = [
    Object.keys(one).filter((key) => key in other),
    Object.keys(other).filter((key) => key in one),
  ];
  return ones.join() === others.join() ? inner : [...inner, `${place} order: ${ones.join()} -> ${others.join()}`];
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return value === undefined ? 'nothing' : (JSON.stringify(value) ?? '').slice(0, 300);
}
