/** About as many characters as a token has. */
const charactersPerToken = 4;

/** A text cut to about so many tokens: its beginning and its end, which tell most of it. */
export function excerpt(text: string, tokens: number): string {
  const most = tokens * charactersPerToken;
  if (text.length <= most) return text;
  const head = Math.ceil((most * 2) / 3);
  return `${text.slice(0, head)}\n[…]\n${text.slice(text.length - (most - head))}`;
}
