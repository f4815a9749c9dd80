import { estimateFrom, learn, type Estimate } from './estimate.ts';
import { roomOf } from './context.ts';
import { createLimitedMap } from './limited-map.ts';
import type { ModelFacts, NodeFacts } from './node-facts.ts';
import { priorTokenBytes, weightBytes } from './priors.ts';
import { createShortfalls } from './shortfalls.ts';

/** How much memory models take. */
export interface Footprints {
  /** Learns from the runners that a node reports. */
  reported(node: NodeFacts): void;
  bytes(node: NodeFacts, model: ModelFacts, numCtx: number, slots: number): number;
  /** Fewer bytes than that it does not take, for all that is known; a guess alone says nothing. */
  leastBytes(node: NodeFacts, model: ModelFacts, numCtx: number, slots: number): number;
  /** A load failed for want of memory. Whether such a load counts as impossible there now. */
  refused(node: NodeFacts, model: ModelFacts, numCtx: number, slots: number, now: number): boolean;
  /** Refusals of long ago are forgotten. */
  expire(now: number): void;
  exported(): unknown;
  restore(kept: unknown): void;
}

const mostModels = 2_000;

/** More for each token of context than any model takes. */
const absurdTokenBytes = 64e6;

/** Where a load fails that should have taken so much less, the node has less memory than it says. */
const farthest = 2;

/** What did not get the memory needs more than that. */
const beyond = 1.02;

export function createFootprints(): Footprints {
  /** Bytes for each token of context, by digest or name. */
  const tokenBytes = createLimitedMap<Estimate>(mostModels);
  const shortfalls = createShortfalls();

  const bytes: Footprints['bytes'] = ({ name, runners }, model, numCtx, slots) => {
    for (const runner of runners) {
      if (runner.numCtx !== numCtx || runner.slots !== slots || runner.bytes === undefined) continue;
      if (runner.model === model.name) return runner.bytes;
    }
    const perToken = Math.max(expected(model), shortfalls.tokenBytes(name, keyOf(model)));
    return weightBytes(model) + perToken * numCtx * slots;
  };

  const expected = (model: ModelFacts): number => tokenBytes.get(keyOf(model))?.value ?? priorTokenBytes(model);

  return {
    bytes,
    reported({ models, runners }) {
      for (const { model: name, bytes, numCtx, slots, loading } of runners) {
        const model = models.get(name);
        if (!model?.sizeBytes || loading || !bytes || !numCtx) continue;
        const sample = (bytes - weightBytes(model)) / (numCtx * slots);
        const next = sample < absurdTokenBytes ? learn(tokenBytes.get(keyOf(model)), sample) : undefined;
        if (next) tokenBytes.set(keyOf(model), next);
      }
    },
    leastBytes(node, model, numCtx, slots) {
      if (tokenBytes.get(keyOf(model))) return bytes(node, model, numCtx, slots);
      const shown = shortfalls.tokenBytes(node.name, keyOf(model));
      return shown === 0 ? (model.sizeBytes ?? 0) : weightBytes(model) + shown * numCtx * slots;
    },
    refused(node, model, numCtx, slots, now) {
      const tokens = numCtx * slots;
      if (!model.sizeBytes || !(tokens > 0)) return false;
      const shown = Math.max(1, (roomOf(node) - weightBytes(model)) / tokens) * beyond;
      if (!(shown <= expected(model) * farthest)) return false;
      shortfalls.add(node.name, keyOf(model), shown, now);
      return true;
    },
    expire: shortfalls.expire,
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
