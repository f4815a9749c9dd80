import { arrayOf, invalid, kindOf, wrongKind, type Value } from '../json/fields.ts';

/** Reads one text, or a list of at least one. */
export function textsOf(asOne: (value: Value) => string): (value: Value) => string[] {
  return (value) => {
    const kind = kindOf(value.raw);
    if (kind === 'string') return [asOne(value)];
    if (kind !== 'array') throw wrongKind(value, 'a string or an array of strings');
    const texts = arrayOf(asOne)(value);
    if (texts.length > 0) return texts;
    throw invalid(value.path, `${value.path} is empty: send at least one text`);
  };
}

/** Tokens are those of OpenAI's own models; they mean something else, or nothing, to others. */
export function refuseTokens({ raw, path }: Value, advice: string): void {
  const kind = kindOf(raw);
  if (kind !== 'number' && kind !== 'array') return;
  const field = path.replace(/\[\d+\]$/, '');
  throw invalid(field, `${field} holds tokens, which mean something else to each model: ${advice}`);
}
