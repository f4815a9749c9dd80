import type { Document, Node } from 'yaml';
import { withoutPassword } from './check-value.ts';
import { yaml } from './yaml.ts';

/** A file of settings, and where what stands in it. */
export interface ConfigDocument {
  readonly value: unknown;
  /** "tutti.yaml:3:9": of the value at the path, or of a key in it; of what is around it if there is no such place. */
  place(path: readonly PropertyKey[], key?: string): string;
  /** The text of a scalar with references as they are written; undefined: there are none in it. */
  written(path: readonly PropertyKey[]): string | undefined;
}

/** More would not be read by anybody. */
const mostProblems = 20;

/** Aliases may repeat what they stand for so often. */
const mostAliases = 100;

const reference = /\$\{env:([^}]*)\}/g;

/**
 * Reads YAML (so JSON as well), and puts variables of `env` in the place of `${env:X}`. What is wrong with the text
 * itself goes to `problems`; the value is undefined then.
 */
export function readDocument(text: string, name: string, env: NodeJS.ProcessEnv, problems: string[]): ConfigDocument {
  const { isScalar, LineCounter, parseDocument } = yaml();
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, stringKeys: true, merge: true });
  const placeOf = (offset: number): string => {
    const { line, col } = lineCounter.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  const place = (path: readonly PropertyKey[], key?: string): string => placeOf(offsetOf(document, path, key));
  const found = [
    ...[...document.errors, ...document.warnings].map(({ pos, code, message }) => ({
      offset: pos[0],
      message: syntaxWords(code, message),
    })),
    ...(document.errors.length > 0 ? [] : [...forbiddenKeys(document), ...putVariables(document, env)]),
  ];
  problems.push(...found.slice(0, mostProblems).map(({ offset, message }) => `${placeOf(offset)}: ${message}.`));
  const written = (path: readonly PropertyKey[]): string | undefined => {
    const node = nodeAt(document, path);
    return isScalar(node) && node.source?.includes('${env:') ? withoutPassword(node.source) : undefined;
  };
  if (found.length > 0) return { value: undefined, place, written };
  try {
    return { value: document.toJS({ maxAliasCount: mostAliases }) as unknown, place, written };
  } catch (error) {
    problems.push(`${name}: ${aliasWords((error as Error).message)}.`);
    return { value: undefined, place, written };
  }
}

interface Found {
  readonly offset: number;
  readonly message: string;
}

/** The library's own words, where they are for users. Never the text of the line: it may hold a password. */
function syntaxWords(code: string, message: string): string {
  if (message.includes('call stack')) return 'this is nested too deep';
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here; use one only';
  if (code === 'DUPLICATE_KEY') return 'this key stands here for the second time';
  return `this is no YAML: ${message}`;
}

function aliasWords(message: string): string {
  if (message.startsWith('Excessive')) return `aliases repeat too much: use at most ${mostAliases}`;
  return message.startsWith('Unresolved') ? 'an alias (*name) has no anchor (&name) before it' : 'this cannot be read';
}

/** Nothing of ours has that name; objects do odd things with it. */
function forbiddenKeys(document: Document): Found[] {
  const { isScalar, visit } = yaml();
  const found: Found[] = [];
  visit(document, {
    Pair(_, { key }) {
      if (isScalar(key) && key.value === '__proto__')
        found.push({ offset: key.range?.[0] ?? 0, message: 'the key __proto__ is not allowed' });
    },
  });
  return found;
}

function putVariables(document: Document, env: NodeJS.ProcessEnv): Found[] {
  const missing: Found[] = [];
  yaml().visit(document, {
    Scalar(where, node) {
      if (where === 'key' || typeof node.value !== 'string') return;
      node.value = node.value.replaceAll(reference, (_, variable: string) => {
        const value = Object.hasOwn(env, variable) ? env[variable] : undefined;
        if (!value) missing.push({ offset: node.range?.[0] ?? 0, message: `the environment has no ${variable}` });
        return value ?? '';
      });
    },
  });
  return missing;
}

function offsetOf(document: Document, path: readonly PropertyKey[], key?: string): number {
  const { isMap, isScalar } = yaml();
  const node = nodeAt(document, path);
  const pair = isMap(node) ? node.items.find((item) => isScalar(item.key) && item.key.value === key) : undefined;
  const found = isScalar(pair?.key) ? pair.key : node;
  return found?.range?.[0] ?? 0;
}

/** The node at the path, or the last one on the way to it. */
function nodeAt(document: Document, path: readonly PropertyKey[]): Node | null {
  const { isAlias, isMap, isSeq } = yaml();
  let node: Node | null = document.contents;
  for (const key of path) {
    const around = isAlias(node) ? node.resolve(document) : node;
    const next: unknown = isMap(around) || isSeq(around) ? around.get(key, true) : undefined;
    if (!next) return node;
    node = next as Node;
  }
  return node;
}
