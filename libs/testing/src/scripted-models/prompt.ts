import type { Call } from '@tutti/core';

/** A text of others that a prompt shows. */
interface Shown {
  /** For example "argument". */
  readonly name: string;
  readonly text: string;
}

/** Others who gave the same answer. */
export interface ShownSide {
  readonly members: number;
  readonly answer: string;
  readonly arguments: readonly string[];
}

/** All that a call says to its model. */
export function promptOf({ kind }: Call): string {
  if (kind.case !== 'chat') return '';
  const parts = kind.value.messages.flatMap((message) => message.parts);
  return parts.map((part) => (part.kind.case === 'text' ? part.kind.value : '')).join('\n');
}

/** The texts that stand between marks. */
export function shownIn(prompt: string): readonly Shown[] {
  const found = prompt.matchAll(/<((\S+)-[0-9a-f]{8})>\n([\s\S]*?)\n<\/\1>/g);
  return [...found].map(([, , name, text]) => ({ name: name!, text: text! }));
}

/** The sides that a member of a debate is shown. */
export function sidesIn(prompt: string): readonly ShownSide[] {
  const counts = [...prompt.matchAll(/^(\d+) others? says?:$/gm)].map(([, members]) => Number(members));
  const sides: { members: number; answer: string; arguments: string[] }[] = [];
  for (const { name, text } of shownIn(prompt)) {
    if (name === 'answer') sides.push({ members: counts[sides.length] ?? 1, answer: text, arguments: [] });
    if (name === 'argument') sides.at(-1)?.arguments.push(text);
  }
  return sides;
}

/** The answer that a text ends with. */
export function answerIn(text: string): string | undefined {
  return /\bAnswer: (\d+)\s*$/.exec(text)?.[1] ?? text.match(/\d+/g)?.at(-1);
}
