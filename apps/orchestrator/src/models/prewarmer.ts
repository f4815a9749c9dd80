import { randomUUID } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import {
  canonicalModel,
  ClusterError,
  modelNotFound,
  Priority,
  Privacy,
  ticketMachine,
  type Call,
  type Clock,
  type Context,
  type Principal,
  type Ticket,
} from '@tutti/core';
import type { Cluster, Exclusion, NodeView, Option, Preview } from '@tutti/core/cluster';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { Verb } from '@tutti/proto/tutti/agent/v1/model';
import type { Membership } from '../members/membership.ts';

/** What is to be in memory. */
export interface Wish {
  readonly model: string;
  /** The only node that will do. */
  readonly node?: string | undefined;
  /** In tokens; undefined: the largest that calls of the model needed lately. */
  readonly numCtx?: number | undefined;
}

/** Where a model is now. */
export interface Prewarmed {
  readonly model: string;
  readonly node: string;
  /** 0: it was there already. */
  readonly loadMs: number;
  readonly resident: boolean;
  readonly numCtx: number | undefined;
  /** Models that made room. */
  readonly evicted: readonly string[];
}

export interface Prewarmer {
  /** The ways of bringing the model into memory, in no order. */
  preview(wish: Wish, principal: Principal): Preview;
  /** Takes the way that costs others least. */
  prewarm(wish: Wish, principal: Principal): Promise<Prewarmed>;
}

interface Options {
  readonly cluster: Pick<Cluster, 'nodes' | 'options' | 'prepare'>;
  readonly membership: Pick<Membership, 'find' | 'models'>;
  readonly clock: Clock;
}

/** The last line of a load, as agents write it; the embedded engine's says less. */
interface LoadResult {
  readonly load_ms?: number;
  readonly num_ctx?: number;
  readonly evicted?: readonly string[];
}

/** A large model from a slow disk takes minutes, and victims first end their calls. */
const deadlineMs = 15 * 60_000;

/**
 * Brings models into memory, one at a time per node and model: who asks for the same meanwhile waits, and then finds it
 * there. A load goes on if whoever asked for it leaves.
 */
export function createPrewarmer({ cluster, membership, clock }: Options): Prewarmer {
  const running = new Map<string, Promise<unknown>>();
  const nextTicket = ticketMachine();

  /** The smallest call that the model can serve: it is weighed, and never sent. */
  const probe = (wish: Wish, principal: Principal) => ({
    call: callFor(wish, cluster.nodes),
    context: contextFor(wish, principal, nextTicket()),
  });

  const load = async (wish: Wish, option: Option, principal: Principal): Promise<Prewarmed> => {
    const { node, kind, numCtx, evict } = option;
    const client = membership.models(node);
    if (!client) throw new ClusterError('no_healthy_node', `Node "${node}" has just gone.`, { retryAfterMs: 1_000 });
    const { call, context } = probe(wish, principal);
    const over = cluster.prepare(call, context, option);
    const startedAt = clock.now();
    try {
      const body = { model: wish.model, ...(numCtx !== undefined && { num_ctx: numCtx }), evict };
      let last = '{}';
      for await (const { lines } of client.verb({ verb: Verb.LOAD, bodyJson: JSON.stringify(body) }, { deadlineMs }))
        last = lines.at(-1) ?? last;
      over(true);
      return resultOf(last, wish.model, option, kind === 'load' ? clock.now() - startedAt : 0);
    } catch (thrown) {
      over(false);
      throw ClusterError.from(thrown).reason === 'no_slot' ? busy(node) : thrown;
    }
  };

  const preview = (wish: Wish, principal: Principal): Preview => {
    const { call, context } = probe(wish, principal);
    return cluster.options(call, context);
  };

  const choose = (wish: Wish, principal: Principal): Option => {
    const { options, exclusions } = preview(wish, principal);
    const best = options.toSorted(byHarm)[0];
    if (!best) throw impossible(wish, exclusions, cluster.nodes);
    return best;
  };

  return {
    preview,
    async prewarm(asked, principal) {
      const wish = { ...asked, model: canonicalModel(asked.model) };
      checkNames(wish, cluster.nodes, membership);
      for (;;) {
        const option = choose(wish, principal);
        const key = JSON.stringify([option.node, wish.model]);
        const earlier = running.get(key);
        if (!earlier) {
          const loading = load(wish, option, principal).finally(() => running.delete(key));
          running.set(key, loading);
          return await loading;
        }
        await earlier.catch(() => {});
      }
    },
  };
}

function resultOf(line: string, model: string, { node, numCtx }: Option, measuredMs: number): Prewarmed {
  const { load_ms: loadMs = measuredMs, num_ctx: settled = numCtx, evicted = [] } = JSON.parse(line) as LoadResult;
  return { model, node, loadMs, resident: loadMs === 0, numCtx: settled, evicted };
}

function busy(node: string): ClusterError {
  const message = `Node ${node} is loading another model. Ask again in a moment, or name another node.`;
  return new ClusterError('overloaded', message, { retryAfterMs: 5_000 });
}

/** Least cost to others first, then what is there soonest. */
function byHarm(a: Option, b: Option): number {
  return (
    Number(a.evictsBusy) - Number(b.evictsBusy) ||
    a.parts.evictionMs - b.parts.evictionMs ||
    a.parts.waitMs + a.parts.loadMs - (b.parts.waitMs + b.parts.loadMs)
  );
}

function callFor({ model, numCtx }: Wish, nodes: readonly NodeView[]): Call {
  return create(CallSchema, {
    model,
    kind: { case: isEmbedder(nodes, model) ? 'embed' : 'completion', value: {} },
    ...(numCtx !== undefined && { numCtx: { preferred: numCtx } }),
  });
}

function contextFor({ node }: Wish, principal: Principal, ticket: Ticket): Context {
  return {
    ...{ principal, ticket, hops: 0, priority: Priority.DEFAULT, privacy: Privacy.CLUSTER },
    requestId: randomUUID(),
    signal: new AbortController().signal,
    ...(node !== undefined && { pin: node }),
  };
}

function isEmbedder(nodes: readonly NodeView[], model: string): boolean {
  const capabilities = new Set(nodes.flatMap((node) => modelOf(node, model)?.capabilities ?? []));
  return capabilities.has('embedding') && !capabilities.has('completion');
}

function modelOf({ state }: NodeView, model: string) {
  return state.models.find((other) => canonicalModel(other.name) === model);
}

/** Throws `not_found` for a node that nobody knows, `model_not_found` for a model that is not on it, or nowhere. */
function checkNames({ model, node }: Wish, nodes: readonly NodeView[], { find }: Options['membership']): void {
  if (node !== undefined) find(node);
  const holders = nodes.filter((view) => modelOf(view, model)).map(({ name }) => name);
  if (holders.length === 0) throw modelNotFound(model);
  if (node === undefined || holders.includes(node)) return;
  const message = `Node ${node} has no model "${model}". It is on ${holders.join(', ')}; "tutti pull ${model} --node ${node}" brings it there.`;
  throw new ClusterError('model_not_found', message, { param: 'model' });
}

const mostShown = 5;

function impossible({ model, node }: Wish, exclusions: readonly Exclusion[], nodes: readonly NodeView[]): ClusterError {
  const told = exclusions.filter((exclusion) => node === undefined || exclusion.node === node);
  const reasons = told.slice(0, mostShown).map((exclusion) => `${exclusion.node}: ${exclusion.reason}`);
  const rest = told.length > mostShown ? [`and ${told.length - mostShown} more nodes`] : [];
  const why = [...reasons, ...rest].join('; ');
  const message = `"${model}" cannot be loaded ${node === undefined ? 'on any node' : `on node ${node}`} now. ${why}.`;
  const mayCome = !nodes.some((view) => view.ready && modelOf(view, model) && (node ?? view.name) === view.name);
  return mayCome
    ? new ClusterError('no_healthy_node', message, { retryAfterMs: 5_000 })
    : new ClusterError('failed_precondition', message);
}
