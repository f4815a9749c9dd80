import type { Ask } from './cost.ts';
import type { Demand, PrefixMark } from './demand.ts';
import { busyOthers, busyAt, type Seat } from './outlook.ts';
import type { PlanParameters } from './parameters.ts';

/**
 * What calls of a model cost on each node at the very least, in a few numbers a node that lie side by side: most nodes of
 * a large fleet need no closer look.
 */
export interface Floors {
  /** Nodes whose numbers are missing. */
  readonly missing: Set<number>;
  /** `seat`: undefined if the node does not have the model. */
  set(index: number, seat: Seat | undefined): void;
  /** Milliseconds by node, Infinity where the model is not; good until it is asked again. `tokens`: context that is needed. */
  least(ask: Ask, tokens: number, now: number): Float64Array;
}

/** The numbers of a node; milliseconds of reading and writing are for a token. */
interface Row {
  /** When a call can begin; Infinity: never. */
  readonly beginsAt: number;
  readonly loadMs: number;
  readonly readMs: number;
  readonly writeMs: number;
  /** How prompts in the cache begin, a bit each: a prompt that begins otherwise is read whole. */
  readonly cached: number;
  /** How much longer than alone a call takes that begins now, if it needs no more context than this. */
  readonly slow: number;
  readonly heldContext: number;
}

const width = 7;
const never = Number.NEGATIVE_INFINITY;
const absent: Row = { beginsAt: -never, loadMs: 0, readMs: 0, writeMs: 0, cached: 0, slow: 1, heldContext: -1 };

export function createFloors(nodes: number, parameters: PlanParameters): Floors {
  const numbers = new Float64Array(nodes * width);
  const floors = new Float64Array(nodes);
  const missing = new Set(floors.keys());

  const set = (index: number, row: Row): void => {
    const at = index * width;
    missing.delete(index);
    numbers[at] = row.beginsAt;
    numbers[at + 1] = row.loadMs;
    numbers[at + 2] = row.readMs;
    numbers[at + 3] = row.writeMs;
    numbers[at + 4] = row.slow;
    numbers[at + 5] = row.heldContext;
    numbers[at + 6] = row.cached;
  };

  return {
    missing,
    set(index, seat) {
      set(index, seat ? rowOf(seat, parameters) : absent);
    },
    least({ demand: { promptTokens, runnerOptions, prefix }, outputTokens }, tokens, now) {
      const beginning = prefix.length > 0 ? bitOf(prefix[0]!) : 0;
      for (let index = 0, at = 0; index < nodes; index += 1, at += width) {
        const waitMs = Math.max(0, numbers[at]! - now);
        const readTokens = (numbers[at + 6]! & beginning) === 0 ? promptTokens : 0;
        const ownMs = readTokens * numbers[at + 2]! + outputTokens * numbers[at + 3]!;
        const staysSo = tokens <= numbers[at + 5]! && runnerOptions === '';
        floors[index] = waitMs + numbers[at + 1]! + (staysSo ? ownMs * numbers[at + 4]! : ownMs);
      }
      return floors;
    },
  };
}

function rowOf({ outlook, model, runner, speeds }: Seat, { slowBySame, slowByOthers }: PlanParameters): Row {
  const [readMs, writeMs] = [1 / speeds.prefill, 1 / speeds.decode];
  const { loadMs } = speeds;
  if (!runner) return { beginsAt: outlook.loaderFreeAt, loadMs, readMs, writeMs, cached: 0, slow: 1, heldContext: -1 };
  const { numCtx = Number.POSITIVE_INFINITY, runnerOptions = '' } = runner.facts;
  // Whoever begins later may have fewer neighbours, and so may those who load it again or join other embeddings.
  const isFree = runner.freeAt[0] === never && outlook.slotFreeAt === never && runner.embeddings === 0;
  return {
    beginsAt: runner.freeAt[0]!,
    loadMs: 0,
    readMs,
    writeMs,
    cached: beginnings(outlook.facts.prompts.get(model.name) ?? []),
    slow: 1 + slowBySame * busyAt(runner, never) + slowByOthers * busyOthers(outlook, runner, never),
    heldContext: isFree && runnerOptions === '' ? numCtx : -1,
  };
}

function beginnings(prompts: readonly Demand['prefix'][]): number {
  let bits = 0;
  for (const [first] of prompts) if (first) bits |= bitOf(first);
  return bits;
}

function bitOf({ hash }: PrefixMark): number {
  return 1 << (hash & 31);
}
