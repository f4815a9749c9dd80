import type { Option } from '../option.ts';

/** The options that can start now; all of them if none can. */
export function startableOrAll(options: readonly Option[]): readonly Option[] {
  const startable = options.filter((option) => option.startable);
  return startable.length > 0 ? startable : options;
}

/** The option of the least total; of equals, that of the node whose name comes first. */
export function cheapestOf(options: readonly Option[]): Option {
  return leastBy(options, ({ totalMs }) => totalMs);
}

/** The option with the least figure; of equals, the cheapest, and then that of the node whose name comes first. */
export function leastBy(options: readonly Option[], figure: (option: Option) => number): Option {
  return options.reduce((best, option) => (goesBefore(option, best, figure) ? option : best));
}

function goesBefore(a: Option, b: Option, figure: (option: Option) => number): boolean {
  const difference = figure(a) - figure(b) || a.totalMs - b.totalMs;
  return difference === 0 ? a.node < b.node : difference < 0;
}

/** One of the options, each as likely as its weight says; undefined if none weighs anything. */
export function drawn(options: readonly Option[], weightOf: (option: Option) => number, chance: number) {
  let rest = chance * options.reduce((sum, option) => sum + weightOf(option), 0);
  return options.toSorted((a, b) => (a.node < b.node ? -1 : 1)).find((option) => (rest -= weightOf(option)) < 0);
}

/** For each node the cheapest of its options. */
export function cheapestOfEach(options: readonly Option[]): Option[] {
  return [...Map.groupBy(options, ({ node }) => node).values()].map(cheapestOf);
}
