/** How near to one end of a text the words "the answer is" must stand to introduce its answer. */
const nearCharacters = 400;

const words = /\banswer(?: is|s? ?[:=])[ :]{0,3}\n? ?([^\n]{1,200})/gi;

/** Where a sentence ends: not behind a digit or an initial that goes on. */
const sentenceEnd = /(?<=[^\d\s.][^\s.])(?<!\b(?:Dr|Mr|Mrs|Ms|St))[.;!?](?:\s|$)|(?<=\d)\.(?:\s|$)/;

/** What stands behind the last mark of an answer: a box of LaTeX, "####" in the last line, or the words for it. */
export function markedAnswer(said: string): string | undefined {
  const box = boxed(said);
  if (box !== undefined) return box;
  const last = said.slice(said.lastIndexOf('\n') + 1);
  if (last.startsWith('#### ')) return last.slice('#### '.length);
  const bare = said.replace(/[*_]{2}/g, '');
  const near = [...bare.matchAll(words)].filter(
    ({ index }) => index < nearCharacters || index > bare.length - nearCharacters,
  );
  return near.at(-1)?.[1]!.split(sentenceEnd)[0];
}

function boxed(said: string): string | undefined {
  const mark = '\\boxed{';
  const start = said.lastIndexOf(mark);
  if (start < 0) return undefined;
  let depth = 1;
  for (let index = start + mark.length; index < said.length; index++) {
    if (said[index] === '{') depth += 1;
    else if (said[index] === '}') depth -= 1;
    if (depth === 0) return said.slice(start + mark.length, index);
  }
  return undefined;
}
