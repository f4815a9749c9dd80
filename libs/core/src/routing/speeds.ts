import { estimateFrom, learn, type Estimate } from './estimate.ts';
import { createLimitedMap, type LimitedMap } from './limited-map.ts';
import type { ModelFacts, NodeFacts } from './node-facts.ts';
import { hardwareOf, priorDecodeSpeed, priorLoadMs, priorPrefillSpeed } from './priors.ts';

/** What is learnt of a model on a node: prompt and output tokens a second, milliseconds to load it. */
const priors = { prefill: priorPrefillSpeed, decode: priorDecodeSpeed, load: priorLoadMs };

export type Quantity = keyof typeof priors;

const quantities = ['prefill', 'decode', 'load'] as const satisfies Quantity[];

type Figures = Partial<Record<Quantity, Estimate>>;

interface NodeFigures {
  /** What was measured, by what the hardware let expect: for models that never ran there. */
  readonly ratio: Figures;
  readonly models: LimitedMap<Figures>;
  /** How far off the last sample of each was, if far; by that factor. */
  readonly off: Partial<Record<Quantity, number>>;
  /** How far the node has turned from what it was at first, by that factor. */
  readonly turned: Partial<Record<Quantity, number>>;
}

export interface Speeds {
  observe(quantity: Quantity, node: NodeFacts, model: ModelFacts, sample: number): void;
  expected(quantity: Quantity, node: NodeFacts, model: ModelFacts): number;
  /** By model. */
  measured(node: string): Iterable<[string, Figures]>;
  forget(node: string): void;
  readonly nodes: Iterable<string>;
  exported(node: string): unknown;
  restore(node: string, kept: unknown): void;
}

const mostNodes = 5_000;
const mostModels = 200;
const mostProcessors = 1_000;

/** Further from what the hardware lets expect, a sample is a slip of the backend's clock. */
const absurd = 1_000;

/** Further than this factor from what a model did on its node, it is the node that has changed. */
const far = 2;

/** Two calls in a row that are both so far off in one direction, whatever their models: the node is another than it was. */
const turns = 3;

/** Before so many calls of a model, one that is off tells little. */
const settled = 3;

export function createSpeeds(): Speeds {
  const known = createLimitedMap<NodeFigures>(mostNodes);
  /** As a node's ratio, over all nodes of a kind of hardware: for those on which nothing ever ran. */
  const kinds = { gpu: {} as Figures, cpu: {} as Figures, unknown: {} as Figures };
  /** The same by name of the processor: machines with the same one are more alike. */
  const processors = createLimitedMap<Figures>(mostProcessors);

  /** All that is expected of a node is asked for at once. */
  let last: { readonly node: string; readonly figures: NodeFigures | undefined } | undefined;

  const figuresOf = (node: string): NodeFigures => {
    const figures = known.get(node) ?? {
      ratio: {},
      models: createLimitedMap<Figures>(mostModels),
      off: {},
      turned: {},
    };
    known.set(node, figures);
    last = undefined;
    return figures;
  };

  const knownOf = (node: string): NodeFigures | undefined => {
    if (last?.node !== node) last = { node, figures: known.get(node) };
    return last.figures;
  };

  /** What is kept of all nodes of the kind, and of those with the same processor. */
  const alikeTo = (node: NodeFacts): readonly Figures[] => {
    const kind = kinds[hardwareOf(node)];
    if (node.processor === undefined) return [kind];
    const same = processors.get(node.processor) ?? {};
    processors.set(node.processor, same);
    return [kind, same];
  };

  const ratioOfAlike = (node: NodeFacts, quantity: Quantity): Estimate | undefined => {
    const same = node.processor === undefined ? undefined : processors.get(node.processor)?.[quantity];
    return same ?? kinds[hardwareOf(node)][quantity];
  };

  return {
    observe(quantity, node, model, sample) {
      const ratio = sample / priors[quantity](node, model);
      if (!(ratio < absurd && ratio > 1 / absurd)) return;
      const figures = figuresOf(node.name);
      turn(figures, quantity, sample, figures.models.get(model.name)?.[quantity]);
      put(figures.ratio, quantity, learn(figures.ratio[quantity], ratio));
      const ofModel = figures.models.get(model.name) ?? {};
      if (isUsual(figures.turned[quantity] ?? 1) && isUsual(sample / (ofModel[quantity]?.value ?? sample))) {
        for (const alike of alikeTo(node)) put(alike, quantity, learn(alike[quantity], ratio));
      }
      put(ofModel, quantity, learn(ofModel[quantity], sample));
      figures.models.set(model.name, ofModel);
    },
    expected(quantity, node, model) {
      const figures = knownOf(node.name);
      const own = figures?.models.get(model.name)?.[quantity];
      if (own) return own.value;
      const ratio = figures?.ratio[quantity] ?? ratioOfAlike(node, quantity);
      return priors[quantity](node, model) * (ratio?.value ?? 1);
    },
    measured: (node) => known.get(node)?.models ?? [],
    forget(node) {
      known.delete(node);
      last = undefined;
    },
    get nodes() {
      return [...known].map(([node]) => node);
    },
    exported(node) {
      const { ratio = {}, models = [] } = known.get(node) ?? {};
      return { ratio: plain(ratio), models: [...models].map(([model, figures]) => [model, plain(figures)]) };
    },
    restore(node, kept) {
      const { ratio, models } = (kept ?? {}) as { ratio?: unknown; models?: unknown };
      const figures = figuresOf(node);
      fill(figures.ratio, ratio);
      for (const entry of Array.isArray(models) ? (models as unknown[]) : []) {
        if (!Array.isArray(entry) || typeof entry[0] !== 'string') continue;
        const ofModel: Figures = {};
        fill(ofModel, entry[1]);
        figures.models.set(entry[0], ofModel);
      }
    },
  };
}

/** Takes a lasting change of the node's pace to hold for all of its models. Loads differ: some files are in a cache. */
function turn(figures: NodeFigures, quantity: Quantity, sample: number, known: Estimate | undefined): void {
  if (quantity === 'load' || !known || known.samples < settled) return;
  const { off } = figures;
  const factor = sample / known.value;
  const before = off[quantity];
  delete off[quantity];
  if (factor < turns && factor > 1 / turns) return;
  if (before === undefined || before > 1 !== factor > 1) {
    off[quantity] = factor;
    return;
  }
  const by = Math.sqrt(before * factor);
  // Whatever slows reading slows writing.
  for (const one of ['prefill', 'decode'] as const) {
    figures.turned[one] = (figures.turned[one] ?? 1) * by;
    for (const its of [figures.ratio, ...[...figures.models].map(([, ofModel]) => ofModel)]) scale(its, one, by);
  }
}

/** It is learnt anew from there. */
function scale(figures: Figures, quantity: Quantity, by: number): void {
  const known = figures[quantity];
  if (known) figures[quantity] = { value: known.value * by, samples: 1 };
}

/** A node that is far from what it was tells nothing of others of its kind. */
function isUsual(factor: number): boolean {
  return factor < far && factor > 1 / far;
}

function put(figures: Figures, quantity: Quantity, estimate: Estimate | undefined): void {
  if (estimate) figures[quantity] = estimate;
}

function plain(figures: Figures): unknown {
  return Object.fromEntries(Object.entries(figures).map(([name, { value, samples }]) => [name, [value, samples]]));
}

function fill(figures: Figures, kept: unknown): void {
  if (typeof kept !== 'object' || kept === null) return;
  for (const quantity of quantities) {
    put(figures, quantity, estimateFrom((kept as Record<string, unknown>)[quantity]));
  }
}
