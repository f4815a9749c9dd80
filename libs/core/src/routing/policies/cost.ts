import type { Option } from '../option.ts';
import type { Policy, PolicyView, Route } from '../policy.ts';
import { drawn } from './candidates.ts';
import { slowStartShare } from './slow-start.ts';

/** Totals closer than this, in milliseconds, are the same. */
const tieMs = 1e-9;

/** Takes the option of the least total; with a temperature, now and then another that is nearly as good. */
export function costPolicy({
  temperature = 0,
  slowStartMs = 0,
}: Pick<Route, 'temperature' | 'slowStartMs'> = {}): Policy {
  const isPlain = temperature === 0 && slowStartMs === 0;
  return {
    shown: isPlain ? 'best' : 'cheapest',
    pick(_demand, options, view) {
      if (isPlain) return cheapest(options, view);
      const open = admitted(options.toSorted(byNode), slowStartMs, view);
      return temperature > 0 ? softest(open, temperature, view) : cheapest(open, view);
    },
  };
}

function cheapest(options: readonly Option[], { random }: PolicyView): Option {
  const least = leastOf(options);
  let tied = 0;
  let last = options[0]!;
  for (const option of options) {
    if (option.totalMs - least > tieMs) continue;
    tied += 1;
    last = option;
  }
  if (tied <= 1) return last;
  const best = options.filter(({ totalMs }) => totalMs - least <= tieMs).toSorted(byNode);
  return best[Math.floor(random() * tied)]!;
}

/** The cheapest is e times as likely as one that costs so much more, as a part, as the temperature says. */
function softest(options: readonly Option[], temperature: number, { random }: PolicyView): Option {
  const least = leastOf(options);
  const scale = temperature * Math.max(least, 1);
  return drawn(options, ({ totalMs }) => Math.exp((least - totalMs) / scale), random()) ?? options[0]!;
}

/** Chance decides by numbers, so what they stand for must not depend on the order in which options come. */
function byNode(a: Option, b: Option): number {
  return a.node < b.node ? -1 : 1;
}

function leastOf(options: readonly Option[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (const { totalMs } of options) least = Math.min(least, totalMs);
  return least;
}

/** The options, without some of those on nodes that have just become ready. */
function admitted(
  options: readonly Option[],
  slowStartMs: number,
  { now, random, facts }: PolicyView,
): readonly Option[] {
  const open = options.filter(({ node }) => {
    const share = slowStartShare(facts(node), now, slowStartMs);
    return share === 1 || random() < share;
  });
  return open.length > 0 ? open : options;
}
