import type { Option } from '@tutti/core/cluster';

/** What is kept of an option. */
export type KeptOption = Pick<
  Option,
  'node' | 'kind' | 'parts' | 'totalMs' | 'numCtx' | 'evict' | 'cachedTokens' | 'startable'
>;

/** Options in columns: as objects, those of ten thousand requests would take ten times the memory. */
export interface KeptOptions {
  readonly nodes: readonly string[];
  readonly evicts: readonly (readonly string[])[];
  /** For each option, `width` numbers. */
  readonly numbers: Float32Array;
}

const width = 8;
const isLoad = 1;
const isStartable = 2;

/** Keeps the cheapest, and the chosen one in any case. It runs for every call, so it makes no objects on the way. */
export function keepOptions(options: readonly Option[], chosen: Option, most: number): KeptOptions {
  const kept = cheapest(options, chosen, most);
  const numbers = new Float32Array(kept.length * width);
  for (let index = 0; index < kept.length; index++) {
    const option = kept[index]!;
    const { parts } = option;
    const at = index * width;
    numbers[at] = parts.waitMs;
    numbers[at + 1] = parts.loadMs;
    numbers[at + 2] = parts.prefillMs;
    numbers[at + 3] = parts.decodeMs;
    numbers[at + 4] = parts.evictionMs;
    numbers[at + 5] = option.numCtx ?? 0;
    numbers[at + 6] = option.cachedTokens;
    numbers[at + 7] = (option.kind === 'load' ? isLoad : 0) + (option.startable ? isStartable : 0);
  }
  return { nodes: kept.map(({ node }) => node), evicts: kept.map(({ evict }) => evict), numbers };
}

/** The options again, cheapest first. */
export function optionsFrom({ nodes, evicts, numbers }: KeptOptions): KeptOption[] {
  const option = (node: string, index: number): KeptOption => {
    const at = (column: number): number => numbers[index * width + column]!;
    const parts = { waitMs: at(0), loadMs: at(1), prefillMs: at(2), decodeMs: at(3), evictionMs: at(4) };
    return {
      ...{ node, parts },
      kind: (at(7) & isLoad) === 0 ? 'resident' : 'load',
      totalMs: parts.waitMs + parts.loadMs + parts.prefillMs + parts.decodeMs + parts.evictionMs,
      numCtx: at(5) === 0 ? undefined : at(5),
      evict: evicts[index]!,
      cachedTokens: at(6),
      startable: (at(7) & isStartable) !== 0,
    };
  };
  return nodes.map(option).toSorted((a, b) => a.totalMs - b.totalMs);
}

function cheapest(options: readonly Option[], chosen: Option, most: number): readonly Option[] {
  if (options.length <= most) return options;
  const best: Option[] = [];
  for (const option of options) {
    if (best.length === most && option.totalMs >= best[most - 1]!.totalMs) continue;
    const place = best.findIndex((other) => option.totalMs < other.totalMs);
    best.splice(place < 0 ? best.length : place, 0, option);
    best.length = Math.min(best.length, most);
  }
  return best.includes(chosen) ? best : [...best.slice(0, most - 1), chosen];
}
