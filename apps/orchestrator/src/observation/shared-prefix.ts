import type { PrefixMark } from '@tutti/core/cluster';

/** The beginning of a prompt, as a trace tells it. */
export interface SharedPrefix {
  /** Prompts with the same number begin alike. */
  readonly prefix: number;
  /** How long the part is that others have as well; 0: it is like no other. */
  readonly tokens: number;
}

/** Of a long conversation the first marks tell what it has in common with others, the last ones with itself. */
const firstMarks = 4;
const lastMarks = 12;

/** What is kept of a prompt's marks: a hash and a count of tokens by turns. */
export function keepMarks(marks: readonly PrefixMark[]): number[] {
  const kept =
    marks.length > firstMarks + lastMarks ? [...marks.slice(0, firstMarks), ...marks.slice(-lastMarks)] : marks;
  return kept.flatMap(({ hash, tokens }) => [hash, tokens]);
}

/**
 * Numbers the beginnings of prompts, which come in the order of their calls. A prompt goes on where the earlier one with
 * which it has most in common began; unless later ones have much more in common with it than that: then it begins anew.
 */
export function sharedPrefixes(prompts: readonly (readonly number[])[]): SharedPrefix[] {
  const uses = new Map<number, number>();
  for (const [hash] of prompts.flatMap(marksOf)) uses.set(hash, (uses.get(hash) ?? 0) + 1);
  const groupOf = new Map<number, number>();
  let groups = 0;
  return prompts.map((prompt) => {
    const marks = marksOf(prompt);
    const common = marks.findLast(([hash]) => uses.get(hash)! > 1);
    const earlier = marks.findLast(([hash]) => groupOf.has(hash));
    const tokens = common?.[1] ?? 0;
    const goesOn = earlier !== undefined && earlier[1] * 2 >= tokens;
    const prefix = goesOn ? groupOf.get(earlier[0])! : groups++;
    for (const [hash] of marks) if (!groupOf.has(hash)) groupOf.set(hash, prefix);
    return { prefix, tokens };
  });
}

function marksOf(prompt: readonly number[]): (readonly [hash: number, tokens: number])[] {
  return prompt.flatMap((hash, index) => (index % 2 === 0 ? [[hash, prompt[index + 1]!] as const] : []));
}
