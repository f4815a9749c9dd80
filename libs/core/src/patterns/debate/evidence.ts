import type { Position } from './position.ts';

/** A shorter quote proves nothing: it may stand anywhere. */
const fewestCharacters = 12;

/**
 * Why a member may not change its answer; undefined: it may. It must quote a step word for word from one who stands for
 * another answer; words of the question, which everybody repeats, are none.
 */
export function refusalOf(
  quote: string,
  {
    from,
    others,
    question,
  }: { readonly from: Position; readonly others: readonly Position[]; readonly question: string },
): string | undefined {
  const words = normal(quote)
    .replace(/^["'“”„«‘`]+|["'“”»’`]+$/g, '')
    .trim();
  if (words === '') return 'no quote';
  if (words.length < fewestCharacters) return 'the quote is too short';
  if (normal(question).includes(words)) return 'the quote is from the question';
  const said = others
    .filter(({ key }) => key !== from.key)
    .map(({ reasoning, answer }) => normal(`${reasoning} ${answer}`));
  return said.some((text) => text.includes(words)) ? undefined : 'nobody with another answer has said that';
}

/** Blanks and the forms of characters do not count. */
function normal(text: string): string {
  return text.normalize('NFKC').replace(/\s+/g, ' ').trim();
}
