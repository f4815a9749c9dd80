import { estimateFrom, learn, type Estimate } from './estimate.ts';
import { createLimitedMap } from './limited-map.ts';
import type { ModelFacts, NodeFacts } from './node-facts.ts';
import { priorTokenBytes, weightBytes } from './priors.ts';

/** How much memory models take. */
export interface Footprints {
  /** Learns from the runners that a node reports. */
  reported(node: NodeFacts): void;
  bytes(node: NodeFacts, model: ModelFacts, numCtx: number, slots: number): number;
  isMeasured(model: ModelFacts): boolean;
  exported(): unknown;
  restore(kept: unknown): void;
}

const mostModels = 2_000;

/** More for each token of context than any model takes. */
const absurdTokenBytes = 64e6;

export function createFootprints(): Footprints {
  /** Bytes for each token of context, by digest or name. */
  const tokenBytes = createLimitedMap<Estimate>(mostModels);
  return {
    reported({ models, runners }) {
      for (const { model: name, bytes, numCtx, slots, loading } of runners) {
        const model = models.get(name);
        if (!model?.sizeBytes || loading || !bytes || !numCtx) continue;
        const sample = (bytes - weightBytes(model)) / (numCtx * slots);
        const next = sample < absurdTokenBytes ? learn(tokenBytes.get(keyOf(model)), sample) : undefined;
        if (next) tokenBytes.set(keyOf(model), next);
      }
    },
    bytes({ runners }, model, numCtx, slots) {
      for (const runner of runners) {
        if (runner.numCtx !== numCtx || runner.slots !== slots || runner.bytes === undefined) continue;
        if (runner.model === model.name) return runner.bytes;
      }
      const perToken = tokenBytes.get(keyOf(model))?.value ?? priorTokenBytes(model);
      return weightBytes(model) + perToken * numCtx * slots;
    },
    isMeasured: (model) => tokenBytes.get(keyOf(model)) !== undefined,
    exported: () => [...tokenBytes].map(([name, { value, samples }]) => [name, [value, samples]]),
    restore(kept) {
      for (const entry of Array.isArray(kept) ? (kept as unknown[]) : []) {
        if (!Array.isArray(entry) || typeof entry[0] !== 'string') continue;
        const estimate = estimateFrom(entry[1]);
        if (estimate) tokenBytes.set(entry[0], estimate);
      }
    },
  };
}

function keyOf({ digest, name }: ModelFacts): string {
  return digest === '' ? name : digest;
}
