import { ClusterError } from '@tutti/core';
import { parseJson } from './parse.ts';
import { elements, members } from './spans.ts';
import { objectText } from './text.ts';

/** A JSON value from outside: its exact text, and its path for messages. */
export interface Value {
  readonly raw: string;
  /** For example `messages[0].content`; empty for the whole text. */
  readonly path: string;
}

/** The fields of an object, each to be taken once. Of fields with the same name the last counts. */
export interface Fields {
  /** Takes a field out and reads it. Undefined if it is absent or null. */
  take<T>(key: string, read: (value: Value) => T): T | undefined;
  /** As `take`, but the field stays among those that nobody took. */
  look<T>(key: string, read: (value: Value) => T): T | undefined;
  /** As `take`; a field that is absent or null is an error. */
  need<T>(key: string, read: (value: Value) => T): T;
  /** The fields that nobody took, as the text of an object; empty if there are none. */
  rest(): string;
}

/** The fields of a request's body. */
export function readBody(text: string): Fields {
  if (text.trim() === '') throw new ClusterError('invalid_request', 'missing request body');
  parseJson(text);
  return asFields({ raw: text.trim(), path: '' });
}

export function asFields(value: Value): Fields {
  expectKind(value, 'object', 'an object');
  const left = new Map(members(value.raw));
  const pathOf = (key: string): string => (value.path === '' ? key : `${value.path}.${key}`);

  function look<T>(key: string, read: (value: Value) => T): T | undefined {
    const raw = left.get(key);
    return raw === undefined || raw === 'null' ? undefined : read({ raw, path: pathOf(key) });
  }
  function take<T>(key: string, read: (value: Value) => T): T | undefined {
    const taken = look(key, read);
    left.delete(key);
    return taken;
  }
  return {
    take,
    look,
    need(key, read) {
      const taken = take(key, read);
      if (taken === undefined) throw invalid(pathOf(key), `field "${pathOf(key)}" is required`);
      return taken;
    },
    rest: () => (left.size === 0 ? '' : objectText(left)),
  };
}

export function asString(value: Value): string {
  expectKind(value, 'string', 'a string');
  return JSON.parse(value.raw) as string;
}

export function asBoolean(value: Value): boolean {
  expectKind(value, 'boolean', 'a boolean');
  return value.raw === 'true';
}

export function asNumber(value: Value): number {
  expectKind(value, 'number', 'a number');
  return Number(value.raw);
}

/** An integer that fits 32 bits. */
export function asInteger(value: Value): number {
  const number = asNumber(value);
  if ((number | 0) === number) return number | 0;
  throw invalid(
    value.path,
    `field "${value.path}" must be an integer of at most 32 bits, got ${value.raw.slice(0, 40)}`,
  );
}

/** An integer from 0 that fits 31 bits. */
export function asCount(value: Value): number {
  const number = asInteger(value);
  if (number >= 0) return number;
  throw invalid(value.path, `field "${value.path}" must not be negative, got ${number}`);
}

/** The text of an object, as it is. */
export function asObjectText(value: Value): string {
  expectKind(value, 'object', 'an object');
  return value.raw;
}

/** The text of any value, as it is. */
export function asText(value: Value): string {
  return value.raw;
}

/** Reads an array whose elements `read` can read; `index` is an element's position. */
export function arrayOf<T>(read: (value: Value, index: number) => T): (value: Value) => T[] {
  return (value) => {
    expectKind(value, 'array', 'an array');
    return elements(value.raw).map((raw, index) => read({ raw, path: `${value.path}[${index}]` }, index));
  };
}

/** Reads one of the words that a table knows, as what it means. */
export function oneOf<T>(meanings: Readonly<Record<string, T>>): (value: Value) => T {
  return (value) => {
    const word = asString(value);
    if (Object.hasOwn(meanings, word)) return meanings[word] as T;
    const words = Object.keys(meanings).join(', ');
    throw invalid(value.path, `field "${value.path}" must be one of ${words}, got ${JSON.stringify(word)}`);
  };
}

export type Kind = 'array' | 'boolean' | 'null' | 'number' | 'object' | 'string';

const kinds: Readonly<Record<string, Kind>> = {
  '"': 'string',
  '{': 'object',
  '[': 'array',
  t: 'boolean',
  f: 'boolean',
  n: 'null',
};

/** What kind of value a text is; the text must be valid JSON without space around it. */
export function kindOf(raw: string): Kind {
  return kinds[raw.charAt(0)] ?? 'number';
}

/** The error for a value of the wrong kind. */
export function wrongKind(value: Value, expected: string): ClusterError {
  const subject = value.path === '' ? 'request body' : `field "${value.path}"`;
  return invalid(value.path, `${subject} must be ${expected}, got ${kindOf(value.raw)}`);
}

/** An invalid_request error about the field at `path`. */
export function invalid(path: string, message: string): ClusterError {
  return new ClusterError('invalid_request', message, path === '' ? {} : { param: path });
}

function expectKind(value: Value, kind: Kind, name: string): void {
  if (kindOf(value.raw) !== kind) throw wrongKind(value, name);
}
