import { leastConnections, random, roundRobin, warmFirst } from './baselines.ts';
import type { Contender } from './contender.ts';
import { oracle, oracleAsAsked } from './oracle.ts';
import { tutti } from './tutti.ts';

const contenders: readonly Contender[] = [
  roundRobin,
  random,
  leastConnections,
  warmFirst,
  oracle,
  oracleAsAsked,
  tutti,
];

/** Those with these names, all of them by default. Throws an Error if there is none of a name. */
export function contendersNamed(names: readonly string[] | undefined): readonly Contender[] {
  return names === undefined ? contenders : names.map(named);
}

function named(name: string): Contender {
  const found = contenders.find((contender) => contender.name === name);
  if (found) return found;
  const known = contenders.map((contender) => contender.name).join(', ');
  throw new Error(`There is no policy "${name}". Known: ${known}.`);
}
