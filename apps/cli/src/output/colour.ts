import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Text in a colour, where stdout is a terminal that wants colours. */
export function colour(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}
