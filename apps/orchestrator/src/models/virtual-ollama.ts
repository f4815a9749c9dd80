import { ClusterError, pause, type Clock } from '@tutti/core';
import type { Cluster, NodeView } from '@tutti/core/cluster';
import { Verb } from '@tutti/proto/tutti/agent/v1/model';
import type { Membership } from '../members/membership.ts';
import { createChanges, type Change } from './changes.ts';
import { clusterBlobs, type ClusterBlobs } from './cluster-blobs.ts';
import { mergedProgress } from './merged-progress.ts';
import { nodeModels } from './node-models.ts';
import type { Placement } from './placement.ts';
import { holdersOf, targetsOf } from './targets.ts';
import { weightsOf } from './weights.ts';

/** What is done to a model, by a request in Ollama's words. */
export interface ModelRequest {
  readonly model: string;
  /** The body for the nodes, as JSON text. */
  readonly bodyJson: string;
  readonly placement?: Placement | undefined;
  readonly signal: AbortSignal;
}

export interface CreateRequest extends ModelRequest {
  /** The model that it is made from; undefined: from files. */
  readonly from: string | undefined;
  /** Digests of the files that it is made from. */
  readonly digests: readonly string[];
}

/** Work that has been given to nodes. */
export interface Placed {
  readonly nodes: readonly string[];
  /** Lines of progress, those of all nodes merged. The work ends if they are not read. */
  readonly lines: AsyncIterable<string>;
}

/** The models of all nodes as those of one Ollama. */
export interface VirtualOllama {
  /** What a node that has the model tells of it. */
  show(request: ModelRequest): Promise<string>;
  pull(request: ModelRequest): Placed;
  /** From one node that has it: a registry needs it once. */
  push(request: ModelRequest): Placed;
  create(request: CreateRequest): Promise<Placed>;
  /** On all nodes that have it; the names of those. `destination` is the new name. */
  copy(request: ModelRequest & { readonly destination: string }): Promise<readonly string[]>;
  delete(request: ModelRequest): Promise<readonly string[]>;
  /** The nodes that blobs go to before a model is made of them. */
  blobTargets(placement: Placement | undefined): readonly string[];
  readonly blobs: ClusterBlobs;
}

interface Options {
  readonly cluster: Pick<Cluster, 'nodes'>;
  readonly membership: Pick<Membership, 'models'>;
  readonly clock: Clock;
}

/** What a change is to lead to. */
interface Expected {
  readonly node: string;
  readonly name: string;
  /** Whether the node has the model then. */
  readonly there: boolean;
}

interface Outcome extends Omit<Expected, 'node'> {
  readonly signal: AbortSignal;
}

/** Nodes report what they have after it is done; whoever asks for a new model at once must find it. */
const longestReportMs = 3_000;
const lookMs = 20;

export function virtualOllama({ cluster, membership, clock }: Options): VirtualOllama {
  const models = nodeModels(membership);
  const blobs = clusterBlobs({ nodes: () => cluster.nodes, models });
  const beginChange = createChanges();

  /** Resolves when the node is known to have the model, or not to have it; or when it takes too long, or nobody can know. */
  const reported = async (change: Change, { node, name, there }: Expected, signal: AbortSignal): Promise<void> => {
    const isKnown = (): boolean => holdersOf(cluster.nodes, name).some((other) => other.name === node) === there;
    const deadline = clock.now() + longestReportMs;
    change.done();
    while (change.alone && !isKnown() && clock.now() < deadline && !signal.aborted) await pause(clock, lookMs, signal);
  };

  const holders = (name: string, placement: Placement | undefined, quoted = `'${name}'`): NodeView[] => {
    if (placement?.kind === 'count') {
      const message = 'x-tutti-placement must name nodes here, or say all: a count does not tell which.';
      throw new ClusterError('invalid_request', message, { param: 'x-tutti-placement' });
    }
    const all = holdersOf(cluster.nodes, name);
    const found = placement?.kind === 'nodes' ? all.filter((node) => placement.names.includes(node.name)) : all;
    if (found.length > 0) return found;
    throw new ClusterError('model_not_found', `model ${quoted} not found`, { param: 'model' });
  };

  /** Does it on all of them, until each is known to have the model of that name, or not to have it. */
  const everywhere = async (
    verb: Verb,
    on: readonly NodeView[],
    bodyJson: string,
    { name, there, signal }: Outcome,
  ) => {
    const names = on.map((node) => node.name);
    const outcomes = await Promise.allSettled(
      names.map(async (node) => {
        const change = beginChange(node, name);
        try {
          await drained(models.lines(node, verb, bodyJson, signal));
          await reported(change, { node, name, there }, signal);
        } finally {
          change.end();
        }
      }),
    );
    const failed = names.flatMap((node, index) => {
      const outcome = outcomes[index]!;
      return outcome.status === 'fulfilled' ? [] : [{ node, error: ClusterError.from(outcome.reason) }];
    });
    if (failed.length > 0) throw partlyDone(names, failed);
    return names;
  };

  /** The large files of a peer's model. What cannot be copied comes from the registry. */
  async function* copied(peer: string, node: string, model: string, signal: AbortSignal): AsyncIterable<string> {
    try {
      const shown = await Array.fromAsync(models.lines(peer, Verb.SHOW, JSON.stringify({ model }), signal));
      yield* blobs.bring(weightsOf(shown.join('\n')), node, signal);
    } catch (thrown) {
      if (signal.aborted) throw thrown;
    }
  }

  /** What another node has of the model is copied; the rest, or all of it, comes from the registry. */
  async function* pulled(node: string, { model, bodyJson, signal }: ModelRequest): AsyncIterable<string> {
    const holding = holdersOf(cluster.nodes, model).map(({ name }) => name);
    const [peer] = holding;
    if (peer !== undefined && !holding.includes(node)) yield* copied(peer, node, model, signal);
    yield* untilReported(models.lines(node, Verb.PULL, bodyJson, signal), node, model, signal);
  }

  /** Says that it went well only when the node has told of the model. */
  async function* untilReported(lines: AsyncIterable<string>, node: string, name: string, signal: AbortSignal) {
    const change = beginChange(node, name);
    try {
      for await (const line of lines) {
        if (line.includes('"success"')) await reported(change, { node, name, there: true }, signal);
        yield line;
      }
    } finally {
      change.end();
    }
  }

  return {
    blobs,
    blobTargets: (placement) => targetsOf(cluster.nodes, { model: '', placement }).map(({ name }) => name),
    async show({ model, bodyJson, signal, placement }) {
      let failure: ClusterError | undefined;
      for (const { name } of holders(model, placement)) {
        try {
          return (await Array.fromAsync(models.lines(name, Verb.SHOW, bodyJson, signal))).join('\n');
        } catch (thrown) {
          failure = ClusterError.from(thrown);
          if (failure.retry === 'never') break;
        }
      }
      throw failure!;
    },
    pull(request) {
      const nodes = targetsOf(cluster.nodes, { model: request.model, placement: request.placement }).map(
        ({ name }) => name,
      );
      return { nodes, lines: mergedProgress(nodes.map((node) => ({ node, lines: pulled(node, request) }))) };
    },
    push({ model, bodyJson, placement, signal }) {
      const [{ name }] = holders(model, placement) as [NodeView];
      return { nodes: [name], lines: models.lines(name, Verb.PUSH, bodyJson, signal) };
    },
    async create({ model, bodyJson, from, digests, placement, signal }) {
      const has = await Promise.all(digests.map((digest) => blobs.holders(digest, signal)));
      const merit = ({ name }: NodeView): number => has.filter((names) => names.includes(name)).length;
      const base = from === undefined ? [] : holdersOf(cluster.nodes, from);
      // Elsewhere an Ollama would fetch the base from its registry, which may not know it.
      const candidates = base.length > 0 && !placement ? base : cluster.nodes;
      const nodes = targetsOf(candidates, { model, placement, merit }).map(({ name }) => name);
      const made = async function* (node: string): AsyncIterable<string> {
        yield* blobs.bring(digests, node, signal);
        yield* untilReported(models.lines(node, Verb.CREATE, bodyJson, signal), node, model, signal);
      };
      return { nodes, lines: mergedProgress(nodes.map((node) => ({ node, lines: made(node) }))) };
    },
    async copy({ model, destination, bodyJson, placement, signal }) {
      const sources = holders(model, placement, JSON.stringify(model));
      return everywhere(Verb.COPY, sources, bodyJson, { name: destination, there: true, signal });
    },
    async delete({ model, bodyJson, placement, signal }) {
      return everywhere(Verb.DELETE, holders(model, placement), bodyJson, { name: model, there: false, signal });
    },
  };
}

async function drained(lines: AsyncIterable<string>): Promise<void> {
  for await (const _ of lines);
}

function partlyDone(
  names: readonly string[],
  failed: readonly { readonly node: string; readonly error: ClusterError }[],
): ClusterError {
  const { error } = failed[0]!;
  if (names.length === 1) return error;
  const done = names.filter((name) => !failed.some(({ node }) => node === name)).join(', ') || 'none';
  const told = failed.map(({ node, error: { message } }) => `${node}: ${message}`).join('; ');
  return new ClusterError(error.reason, `Done on ${done}; failed on ${told}`, { cause: error });
}
