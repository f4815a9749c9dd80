import { leastConnections, random, roundRobin, warmFirst } from './baselines.ts';
import type { Contender } from './contender.ts';
import { oracle, oracleAsAsked } from './oracle.ts';
import { tutti, tuttiKnowing, tuttiResuming } from './tutti.ts';

/** Those that differ where nothing fails. */
const usual: readonly Contender[] = [roundRobin, random, leastConnections, warmFirst, oracle, oracleAsAsked, tutti];

const known: readonly Contender[] = [...usual, tuttiResuming, tuttiKnowing];

/** Those with these names, the usual ones by default. Throws an Error if there is none of a name. */
export function contendersNamed(names: readonly string[] | undefined): readonly Contender[] {
  return names === undefined ? usual : names.map(named);
}

function named(name: string): Contender {
  const found = known.find((contender) => contender.name === name);
  if (found) return found;
  throw new Error(`There is no policy "${name}". Known: ${known.map((contender) => contender.name).join(', ')}.`);
}
