import { nearestName } from '@tutti/core';
import { inspect } from 'node:util';
import { z } from 'zod';
import type { Setting } from './settings.ts';

type Path = readonly PropertyKey[];

/** Where a raw value stands. */
export interface Source {
  /** What people call it there: "server.port", "--port", "TUTTI_SERVER_PORT". */
  readonly subject: string;
  /** Comes before the sentence about something inside the value: "tutti.yaml:3:9: ". `key`: about that key itself. */
  readonly place?: (path: Path, key?: string) => string;
  /** What is written there, where that is not the value itself. */
  readonly written?: (path: Path) => string | undefined;
}

/** The value as the program uses it; undefined if it is wrong, and then `problems` has a sentence for each mistake. */
export function checkValue(setting: Setting, raw: unknown, source: Source, problems: string[]): unknown {
  const result = setting.type.safeParse(raw, { error: allowed, reportInput: true });
  if (result.success) return result.data;
  const { subject, place = () => '', written = () => undefined } = source;
  const sentences = result.error.issues.map((issue) => {
    if (issue.code === 'unrecognized_keys') {
      const known = issue.message.split(' ');
      const sentence = (key: string): string =>
        `${place(issue.path, key)}unknown key ${shown(key)} in ${subject}${inner(issue.path)}.${suggestion(key, known)}`;
      return issue.keys.map(sentence).join('\n');
    }
    const hidden = setting.secret || isSecret(issue.path.at(-1));
    const seen = hidden ? '***' : (written(issue.path) ?? shown(issue.path.length > 0 ? issue.input : raw));
    return `${place(issue.path)}${subject}${inner(issue.path)} is ${seen}: ${issue.message}.`;
  });
  problems.push(...new Set(sentences));
  return undefined;
}

/** A value in an error: scalars as they are, of the rest only what it is. */
export function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a mapping';
  if (typeof value !== 'string') return inspect(value);
  return JSON.stringify(withoutPassword(value.length > 80 ? `${value.slice(0, 80)}…` : value));
}

/** Whether what stands under the key inside a setting is never shown. */
export function isSecret(key: PropertyKey | undefined): boolean {
  return key === 'apiKey';
}

/** A URL without the user and password in it. */
export function withoutPassword(text: string): string {
  return text.replaceAll(/\/\/[^/@\s]*@/g, '//***@');
}

/** What is allowed, in words, where the type has none of its own. */
const allowed: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return `use ${typeNames[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `use one of: ${issue.values.join(', ')}`;
    case 'too_small':
      return 'use a text that is not empty';
    case 'unrecognized_keys':
      // The keys that are known: which of them was meant is said for each.
      return issue.inst instanceof z.ZodObject ? Object.keys(issue.inst.shape).join(' ') : undefined;
    default:
      return undefined;
  }
};

const typeNames: Partial<Record<string, string>> = {
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

/** " Did you mean …?", or the names that there are. */
export function suggestion(word: string, known: readonly string[]): string {
  const near = nearestName(word, known);
  return near === undefined ? ` Known: ${known.join(', ')}.` : ` Did you mean ${near}?`;
}

/** "[0].name" */
function inner(path: Path): string {
  return path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
}
