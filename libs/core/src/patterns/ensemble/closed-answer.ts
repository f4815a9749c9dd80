import { canonicalJson, type Json } from '../json.ts';
import { jsonIn, withoutThinking } from '../json-in.ts';
import { codeBlocks, normalCode } from './code-blocks.ts';
import { markedAnswer } from './marked-answer.ts';
import { lastNumber, numberAtStart } from './numbers.ts';
import { wordsOf } from './words.ts';

/** The kinds of answers that can be counted. When as many members state one as another, the first here is taken. */
export const answerKinds = ['json', 'number', 'choice', 'code', 'text'] as const;

export type AnswerKind = (typeof answerKinds)[number];

/** A short answer that a model's text comes to. */
export interface ClosedAnswer {
  readonly kind: AnswerKind;
  /** The same for answers that mean the same. */
  readonly key: string;
  /** As the model wrote it. */
  readonly shown: string;
}

const mostWords = 8;
const mostCharacters = 80;

/** The answer that a text states beyond doubt: after a mark, in a form of its own, or alone. Undefined: it is open. */
export function statedAnswer(text: string): ClosedAnswer | undefined {
  const said = withoutThinking(text).trim();
  const blocks = codeBlocks(said);
  const data = jsonAnswer(parsed(blocks.length === 1 ? blocks[0]! : said));
  if (data) return data;
  const marked = markedAnswer(said);
  if (marked !== undefined) return classified(marked);
  if (blocks.length > 0) return codeAnswer(blocks);
  return classified(said);
}

/** The answer of a kind that a text states, or else the likeliest one in it. Undefined: it has none of this kind. */
export function answerOf(text: string, kind: AnswerKind): ClosedAnswer | undefined {
  const stated = statedAnswer(text);
  if (stated?.kind === kind) return stated;
  const said = withoutThinking(text).trim();
  return readers[kind](said, markedAnswer(said));
}

/** The kind that most texts state; undefined: no more than half of them state the same. */
export function kindOf(texts: readonly string[]): AnswerKind | undefined {
  const stated = texts.map((text) => statedAnswer(text)?.kind);
  const count = (kind: AnswerKind): number => stated.filter((one) => one === kind).length;
  const most = answerKinds.reduce((a, b) => (count(b) > count(a) ? b : a));
  return count(most) * 2 > texts.length ? most : undefined;
}

/** Answers of a kind that were not stated beyond doubt. */
const readers: Record<AnswerKind, (said: string, marked: string | undefined) => ClosedAnswer | undefined> = {
  number(said, marked) {
    const key = (marked === undefined ? undefined : lastNumber(marked)) ?? lastNumber(said);
    return key === undefined ? undefined : { kind: 'number', key, shown: key };
  },
  choice(said) {
    const letter = [...said.matchAll(/(?:^|\n)[\s*]*\(?([A-E])\)?[.):]|\b[Oo]ption \(?([A-E])\b|\(([A-E])\)/g)].at(-1);
    return letter ? choice((letter[1] ?? letter[2] ?? letter[3])!) : undefined;
  },
  json(said) {
    for (const value of jsonIn(said)) {
      const answer = jsonAnswer(value);
      if (answer) return answer;
    }
    return undefined;
  },
  code: (said) => codeAnswer(codeBlocks(said)),
  text: (said, marked) => shortText(marked ?? '') ?? shortText(said.split('\n').at(-1)!),
};

function classified(written: string): ClosedAnswer | undefined {
  const bare = plain(written);
  const letter = /^(?:[Oo]ption )?\(?([A-E])\)?(?:$|[.):](?:\s|$))/.exec(bare)?.[1];
  if (letter !== undefined) return choice(letter);
  const first = bare.split(/[,;] /)[0]!;
  const number = numberAtStart(first);
  if (number !== undefined && isShort(bare)) return { kind: 'number', key: number, shown: first };
  return shortText(bare);
}

function shortText(written: string): ClosedAnswer | undefined {
  const bare = plain(written);
  const key = wordsOf(bare)
    .join(' ')
    .replace(/^(?:an?|the) (?=.)/, '');
  return key !== '' && isShort(bare) ? { kind: 'text', key, shown: bare } : undefined;
}

function isShort(bare: string): boolean {
  return bare.length <= mostCharacters && !bare.includes('\n') && bare.split(/\s+/).length <= mostWords;
}

function choice(letter: string): ClosedAnswer {
  return { kind: 'choice', key: letter, shown: letter };
}

function jsonAnswer(value: Json | undefined): ClosedAnswer | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  return { kind: 'json', key: canonicalJson(value), shown: JSON.stringify(value) };
}

function codeAnswer(blocks: readonly string[]): ClosedAnswer | undefined {
  const longest = blocks.reduce((a, b) => (b.length > a.length ? b : a), '');
  const key = normalCode(longest);
  return key === '' ? undefined : { kind: 'code', key, shown: longest };
}

/** Without the marks that stand around words. */
function plain(written: string): string {
  return written
    .replace(/\\(?:text|mathrm|mathbf) ?\{([^{}]{0,80})\}/g, '$1')
    .replace(/\\[()]|\*\*|__|[`$"“”]/g, '')
    .replace(/^[\s*_]+|[\s*_]+$/g, '')
    .replace(/[.!]$/, '');
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
