import { InvalidArgumentError } from 'commander';

/** For commander, which says which option is wrong. */
export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Use a whole number.');
  return Number(text);
}

/** "a, b" */
export function list(text: string): string[] {
  return text.split(',').map((item) => item.trim());
}
