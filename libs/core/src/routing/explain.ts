import { duration } from './figures.ts';
import type { CostParts, Exclusion, Option } from './option.ts';

/** What is told of an option. */
type Weighed = Pick<Option, 'node' | 'parts' | 'totalMs'>;

/** Why this option, in a few words: "resident, cheapest of 3 by 1.2 s". */
export function reasonFor(option: Option, options: readonly Option[]): string {
  const others = options.filter(({ node }) => node !== option.node);
  if (others.length === 0) return `${kindOf(option)}, only node that can`;
  const best = leastOf(others);
  const lead = best.totalMs - option.totalMs;
  if (lead >= 0) return `${kindOf(option)}, cheapest of ${options.length} by ${duration(lead)}`;
  const cheaper = others.filter(({ totalMs }) => totalMs < option.totalMs).length;
  return `${kindOf(option)}, ${cheaper} of ${options.length} cheaper, by up to ${duration(-lead)}`;
}

/** What would have changed the choice, in a sentence; "": nothing is known that would. */
export function otherwise(option: Weighed, options: readonly Weighed[], exclusions: readonly Exclusion[]): string {
  const others = options.filter(({ node }) => node !== option.node);
  if (others.length === 0) return withoutRivals(exclusions);
  const rival = leastOf(others);
  const lead = rival.totalMs - option.totalMs;
  if (lead < 0) return `By cost alone ${rival.node} would have been chosen: ${duration(-lead)} less.`;
  if (lead === 0) return `${rival.node} would have done as well.`;
  const parts = dearestParts(rival.parts, option.parts);
  const [first] = parts;
  if (first && first.extra >= lead) {
    const now = rival.parts[first.part];
    return `${rival.node} would have been chosen ${conditions[first.part](duration(now), duration(now - lead))}.`;
  }
  const equal = enough(parts, lead).map(({ part }) => equalities[part]);
  return `${rival.node} would have been chosen had it ${equal.slice(0, -1).join(', ')} and ${equal.at(-1)}.`;
}

const conditions: Record<keyof CostParts, (now: string, then: string) => string> = {
  waitMs: (now, then) => `had its wait been under ${then} instead of ${now}`,
  loadMs: (now, then) =>
    then === '0 ms' ? 'had it had the model in memory' : `had it loaded the model in under ${then} instead of ${now}`,
  prefillMs: (now, then) => `had it read the prompt in under ${then} instead of ${now}`,
  decodeMs: (now, then) => `had it generated the answer in under ${then} instead of ${now}`,
  evictionMs: (now, then) => `had its evictions cost others under ${then} instead of ${now}`,
};

/** What makes the one as cheap as the other in a part. */
const equalities: Record<keyof CostParts, string> = {
  waitMs: 'been free as soon',
  loadMs: 'had the model in memory',
  prefillMs: 'read the prompt as fast',
  decodeMs: 'generated the answer as fast',
  evictionMs: 'had to take nothing more out of memory',
};

interface Extra {
  readonly part: keyof CostParts;
  /** By how much the one is above the other. */
  readonly extra: number;
}

/** The parts in which the one is above the other, by how far. */
function dearestParts(one: CostParts, other: CostParts): Extra[] {
  const parts = Object.keys(conditions) as (keyof CostParts)[];
  return parts
    .map((part) => ({ part, extra: one[part] - other[part] }))
    .filter(({ extra }) => extra > 0)
    .toSorted((a, b) => b.extra - a.extra);
}

/** The first of them that together make up the lead. */
function enough(parts: readonly Extra[], lead: number): readonly Extra[] {
  let sum = 0;
  const last = parts.findIndex(({ extra }) => (sum += extra) >= lead);
  return last < 0 ? parts : parts.slice(0, last + 1);
}

function withoutRivals(exclusions: readonly Exclusion[]): string {
  const [first, ...rest] = exclusions;
  if (!first) return '';
  const more = rest.length === 0 ? '' : `, and ${rest.length} more could not either`;
  return `No other node could run it: ${first.node}: ${first.reason}${more}.`;
}

function kindOf({ kind, evict }: Option): string {
  if (kind === 'resident') return 'resident';
  return evict.length === 0 ? 'load' : `load in place of ${evict.join(', ')}`;
}

function leastOf(options: readonly Weighed[]): Weighed {
  return options.reduce((a, b) => (b.totalMs < a.totalMs ? b : a));
}
