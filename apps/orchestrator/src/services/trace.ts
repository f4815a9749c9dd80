import type { MessageInitShape } from '@bufbuild/protobuf';
import { isPriorityName, priorities, type Priority } from '@tutti/core';
import type { Cluster, Estimates, ModelFacts, NodeFacts } from '@tutti/core/cluster';
import type { GetTraceResponseSchema, TracedCallSchema, TracedNodeSchema } from '@tutti/proto/tutti/v1/performance';
import { int32 } from '../members/int32.ts';
import { sharedPrefixes } from '../observation/shared-prefix.ts';
import type { KeptDemand, WhyBook } from '../observation/why-book.ts';
import type { RequestRecord } from '../observation/request-record.ts';

type Message = MessageInitShape<typeof GetTraceResponseSchema>;

interface Options {
  readonly why: Pick<WhyBook, 'since'>;
  readonly cluster: Pick<Cluster, 'facts' | 'estimates'>;
  readonly windowMs: number;
}

interface Traced {
  readonly record: RequestRecord;
  readonly demand: KeptDemand;
}

/** The calls of the last `windowMs` that were answered, without their words, and the nodes as they are now. */
export function traceOf({ why, cluster, windowMs: asked }: Options): Message {
  const { from, windowMs, requests } = why.since(asked);
  const answered = requests.flatMap(({ record, demand }) =>
    record.state === 'ok' && demand ? [{ record, demand }] : [],
  );
  const tenants = new Map<string, number>();
  const prefixes = sharedPrefixes(answered.map(({ demand }) => demand.prefix));
  return {
    windowMs,
    calls: answered.map((call, index) => {
      const tenant = tenants.get(call.record.principal) ?? tenants.size;
      tenants.set(call.record.principal, tenant);
      const { prefix, tokens } = prefixes[index]!;
      return { ...tracedCall(call, from), tenant, prefix, prefixTokens: Math.round(tokens) };
    }),
    nodes: cluster.facts.map((node) => tracedNode(node, cluster.estimates)),
  };
}

function tracedCall({ record, demand }: Traced, from: number): MessageInitShape<typeof TracedCallSchema> {
  const numCtx = int32(demand.numCtx);
  return {
    atMs: record.arrivedAt - from,
    model: record.model,
    embed: record.kind === 'embed',
    priority: priorityName(demand.priority),
    promptTokens: int32(record.promptTokens ?? Math.round(demand.promptTokens)) ?? 0,
    outputTokens: int32(record.outputTokens) ?? 0,
    ...(numCtx !== undefined && { numCtx }),
  };
}

function priorityName(priority: Priority): string {
  return Object.keys(priorities).find((name) => isPriorityName(name) && priorities[name] === priority) ?? 'default';
}

function tracedNode(node: NodeFacts, estimates: Estimates): MessageInitShape<typeof TracedNodeSchema> {
  const { name, slots, slotsPerRunner, memoryBytes } = node;
  return {
    ...{ name, slots, slotsPerRunner },
    ...(memoryBytes !== undefined && { memoryBytes }),
    models: [...node.models.values()].map((model) => ({
      model: model.name,
      sizeBytes: model.sizeBytes ?? 0,
      ...contextOf(model),
      prefillPerSecond: estimates.prefillSpeed(node, model),
      decodePerSecond: estimates.decodeSpeed(node, model),
      loadMs: estimates.loadMs(node, model),
      bytesPerToken: bytesPerToken(node, model, estimates),
    })),
  };
}

function contextOf({ trainedContext }: ModelFacts): { contextLength?: number } {
  const contextLength = int32(trainedContext);
  return contextLength === undefined ? {} : { contextLength };
}

/** By what a small runner and one twice its size take: no model was trained for less. */
function bytesPerToken(node: NodeFacts, model: ModelFacts, { runnerBytes }: Estimates): number {
  return Math.max(0, (runnerBytes(node, model, 512, 1) - runnerBytes(node, model, 256, 1)) / 256);
}
