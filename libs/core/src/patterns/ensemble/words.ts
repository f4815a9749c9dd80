/** Scripts without blanks between words: each character counts as one. */
const unspaced = String.raw`\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}`;
const word = new RegExp(String.raw`[${unspaced}]|(?:(?![${unspaced}])[\p{L}\p{M}\p{N}])+`, 'gu');

const accents = /[\u0300-\u036f]/g;

/** The words of a text in small letters, without accents. */
export function wordsOf(text: string): readonly string[] {
  return text.normalize('NFKD').replace(accents, '').normalize('NFKC').toLowerCase().match(word) ?? [];
}

/** Words shorter than this hold sentences together and say little, unless they are numbers or of a script without blanks. */
const fewestLetters = 4;

/** The words of a text that tell what it is about. */
export function tellingWords(text: string): ReadonlySet<string> {
  return new Set(wordsOf(text).filter((word) => word.length >= fewestLetters || /\p{N}|\p{Lo}/u.test(word)));
}
