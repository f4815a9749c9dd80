import type { LlamaModel, Token } from 'node-llama-cpp';

const replacementCharacter = '\uFFFD';
/** A character has at most four bytes, and a token at least one. */
const mostHeldTokens = 4;

/** Turns tokens into text, one by one. Holds tokens back that are only a part of a character. */
export function detokenizer(model: LlamaModel, before: readonly Token[]): (token: Token) => string {
  let previous = before.slice(-mostHeldTokens);
  let held: Token[] = [];

  return (token) => {
    held.push(token);
    const text = model.detokenize(held, false, previous);
    if (text.endsWith(replacementCharacter) && held.length < mostHeldTokens) return '';
    previous = [...previous, ...held].slice(-mostHeldTokens);
    held = [];
    return text;
  };
}
