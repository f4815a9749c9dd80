import type { Timings, Usage } from '@tutti/proto/tutti/agent/v1/chunk';
import { needed } from './context.ts';
import type { Demand } from './demand.ts';
import { estimateFrom, learn, type Estimate } from './estimate.ts';
import type { Estimates } from './estimates.ts';
import { createFootprints } from './footprints.ts';
import { createLargestContexts } from './largest-contexts.ts';
import { createLimitedMap } from './limited-map.ts';
import type { ModelFacts, NodeFacts } from './node-facts.ts';
import { createOutputs } from './outputs.ts';
import { defaultParameters } from './parameters.ts';
import { createRates } from './rate.ts';
import { createSpeeds, type Speeds } from './speeds.ts';

/** A call that ended. */
export interface Observation {
  /** Where it ran. */
  readonly node: NodeFacts;
  readonly demand: Demand;
  /** What the model is called there, where that is another name. */
  readonly model?: string | undefined;
  /** As the backend told at its end. */
  readonly usage?: Usage | undefined;
  readonly timings?: Timings | undefined;
  /** Whether the model was loaded for it. */
  readonly loads: boolean;
  /** Prompt tokens that were expected in the cache. */
  readonly expectedCached: number;
  /** Calls that ran beside it, on its runner and on others. */
  readonly neighbours: { readonly same: number; readonly other: number };
  /** Whether it came to its own end. */
  readonly complete: boolean;
}

/** What was learnt of a model on a node; what was not measured is absent. */
export interface Measured {
  readonly model: string;
  readonly prefillPerSecond?: number;
  readonly decodePerSecond?: number;
  readonly loadMs?: number;
  /** Calls that this was learnt from. */
  readonly samples: number;
}

/** Estimates that learn, and can be kept over a restart. */
export interface LearntEstimates extends Estimates {
  /** A call has come. */
  arrived(demand: Demand, now: number): void;
  /** A call has ended. */
  observe(observation: Observation): void;
  /** A node has reported. */
  reported(node: NodeFacts): void;
  /** A load of so much context failed on the node for want of memory. Whether it counts as impossible there now. */
  refused(node: NodeFacts, model: ModelFacts, numCtx: number, slots: number, now: number): boolean;
  /** By model. */
  measured(node: string): readonly Measured[];
  /** The node is gone for good. */
  forget(node: string): void;
  /** Everything but what is true of this moment only, as JSON values by part: "node:<name>" for a node, "models". */
  exported(): ReadonlyMap<string, unknown>;
  /** Takes up a part. What does not look like one is ignored. */
  restore(part: string, kept: unknown): void;
}

/** Of the shape of what is exported. */
const version = 1;

/** Before anything is known of a model's tokens. */
const priorTokensPerCharacter = 0.3;

/** Shorter prompts consist of the template more than of characters, and are read before a clock ticks. */
const fewestCharacters = 200;
const fewestPrefillTokens = 64;
const fewestOutputTokens = 8;

/** Less is a look at a model that is there. */
const fewestLoadMs = 20;

const mostModels = 2_000;

export function createEstimates({ slowBySame, slowByOthers } = defaultParameters): LearntEstimates {
  const speeds = createSpeeds();
  const outputs = createOutputs();
  const rates = createRates();
  const contexts = createLargestContexts();
  const footprints = createFootprints();
  const tokensPerCharacter = createLimitedMap<Estimate>(mostModels);

  const observeTokens = ({ demand, usage }: Observation): void => {
    const { promptCharacters = 0, model } = demand;
    const tokens = usage?.promptTokens;
    if (promptCharacters < fewestCharacters || tokens === undefined) return;
    const ratio = tokens / promptCharacters;
    // Fewer means that the prompt was cut, more that it was not counted in tokens.
    if (ratio < 0.02 || ratio > 4) return;
    const next = learn(tokensPerCharacter.get(model), ratio);
    if (next) tokensPerCharacter.set(model, next);
  };

  return {
    prefillSpeed: (node, model) => speeds.expected('prefill', node, model),
    decodeSpeed: (node, model) => speeds.expected('decode', node, model),
    loadMs: (node, model) => speeds.expected('load', node, model),
    runnerBytes: footprints.bytes,
    leastBytes: footprints.leastBytes,
    expectedOutput: ({ kind, model, tenant, maxOutputTokens }) =>
      kind === 'embed' ? 0 : Math.min(maxOutputTokens, outputs.expected(model, tenant)),
    expectedRest: ({ kind, model, tenant, maxOutputTokens }, soFar) =>
      kind === 'embed'
        ? 0
        : Math.max(0, Math.min(maxOutputTokens, outputs.expectedBeyond(model, tenant, soFar)) - soFar),
    arrivalRate: rates.rate,
    tokensPerCharacter: (model) => tokensPerCharacter.get(model)?.value ?? priorTokensPerCharacter,
    largestContext: contexts.largest,

    arrived(demand, now) {
      rates.arrived(demand.model, now);
      footprints.expire(now);
      if (demand.kind === 'generate') contexts.needed(demand.model, needed(demand), now);
    },
    observe(observation) {
      const { node, demand, usage, timings, loads, neighbours, complete } = observation;
      const model = node.models.get(observation.model ?? demand.model);
      if (model && loads && timings?.loadMs !== undefined && timings.loadMs >= fewestLoadMs) {
        speeds.observe('load', node, model, timings.loadMs);
      }
      if (!complete || !usage || usage.estimated) return;
      observeTokens(observation);
      const { outputTokens } = usage;
      if (demand.kind === 'generate' && outputTokens !== undefined && demand.maxOutputTokens > 0) {
        outputs.observe(demand.model, demand.tenant, outputTokens);
      }
      if (!model || !timings) return;
      const slow = 1 + slowBySame * neighbours.same + slowByOthers * neighbours.other;
      const read = coldTokens(observation);
      if (read >= fewestPrefillTokens) observeSpeed(speeds, 'prefill', node, model, (read * slow) / timings.promptMs!);
      if (demand.kind === 'generate' && outputTokens !== undefined && outputTokens >= fewestOutputTokens) {
        observeSpeed(speeds, 'decode', node, model, (outputTokens * slow) / timings.outputMs!);
      }
    },
    reported: footprints.reported,
    refused: footprints.refused,

    measured: (node) => [...speeds.measured(node)].map(([model, figures]) => measuredFrom(model, figures)),
    forget: speeds.forget,
    exported() {
      const models = {
        version,
        outputs: outputs.exported(),
        footprints: footprints.exported(),
        tokensPerCharacter: [...tokensPerCharacter].map(([name, { value, samples }]) => [name, [value, samples]]),
      };
      const nodes = [...speeds.nodes].map((node): [string, unknown] => [
        `node:${node}`,
        { version, speeds: speeds.exported(node) },
      ]);
      return new Map<string, unknown>([...nodes, ['models', models]]);
    },
    restore(part, kept) {
      if (typeof kept !== 'object' || kept === null) return;
      const document = kept as Record<string, unknown>;
      if (document.version !== version) return;
      if (part.startsWith('node:')) return speeds.restore(part.slice('node:'.length), document.speeds);
      if (part !== 'models') return;
      outputs.restore(document.outputs);
      footprints.restore(document.footprints);
      const { tokensPerCharacter: ratios } = document;
      for (const entry of Array.isArray(ratios) ? (ratios as unknown[]) : []) {
        if (!Array.isArray(entry) || typeof entry[0] !== 'string') continue;
        const estimate = estimateFrom(entry[1]);
        if (estimate) tokensPerCharacter.set(entry[0], estimate);
      }
    },
  };
}

/** Prompt tokens that the backend really read; 0: nobody knows, or most were cached. */
function coldTokens({ usage, loads, expectedCached }: Observation): number {
  const { promptTokens = 0, cachedTokens } = usage!;
  // A backend that does not count its cache counts as cold where nothing of ours can be in it.
  if (cachedTokens === undefined) return loads || expectedCached === 0 ? promptTokens : 0;
  return cachedTokens === 0 ? promptTokens : 0;
}

/** Tokens a millisecond, as tokens a second. A duration that is absent makes no number, and so teaches nothing. */
function observeSpeed(
  speeds: Speeds,
  quantity: 'prefill' | 'decode',
  node: NodeFacts,
  model: ModelFacts,
  perMs: number,
): void {
  speeds.observe(quantity, node, model, perMs * 1_000);
}

function measuredFrom(
  model: string,
  { prefill, decode, load }: { prefill?: Estimate; decode?: Estimate; load?: Estimate },
): Measured {
  return {
    model,
    ...(prefill ? { prefillPerSecond: prefill.value } : {}),
    ...(decode ? { decodePerSecond: decode.value } : {}),
    ...(load ? { loadMs: load.value } : {}),
    samples: Math.max(prefill?.samples ?? 0, decode?.samples ?? 0, load?.samples ?? 0),
  };
}
