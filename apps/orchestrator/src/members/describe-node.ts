import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { canonicalModel, type NodeRecord } from '@tutti/core';
import type { BreakerView, Measured, NodeView } from '@tutti/core/cluster';
import type { NodeState } from '@tutti/proto/tutti/agent/v1/state';
import { NodeSchema, NodeStatus, type Node, type NodeRunnerSchema } from '@tutti/proto/tutti/v1/node';
import type { Drain } from './drains.ts';
import { int32 } from './int32.ts';
import type { LostNode } from './lost-nodes.ts';
import type { Member } from './member.ts';

/** All that is known of a node. */
export interface NodeFacts {
  readonly name: string;
  /** Undefined: it is not connected. */
  readonly member: Member | undefined;
  /** Undefined: nothing is declared or kept of it. */
  readonly record: NodeRecord | undefined;
  /** Undefined: it has not reported. */
  readonly view: NodeView | undefined;
  /** Undefined: it is connected, or never was, or too long ago. */
  readonly lost: LostNode | undefined;
  /** Undefined: it is not to be drained. */
  readonly drain: Drain | undefined;
  /** How often it fell in the last minute, and how long it may have to wait for that; undefined: it is not connected. */
  readonly hold: { readonly falls: number; readonly waitMs: number } | undefined;
  readonly breaker: BreakerView;
  readonly speeds: readonly Measured[];
  /** On the cluster's clock. */
  readonly now: number;
}

/** The node for people and programs. What an agent reports may be anything; numbers are made to fit. */
export function describeNode(facts: NodeFacts): Node {
  const { name, member, record, view, lost, breaker, speeds, now } = facts;
  const state = member && (member.state ?? view?.state);
  const backend = state?.backend;
  const expiry = record?.certificateExpiresAt;
  const seen = member ?? lost;
  return create(NodeSchema, {
    name,
    id: seen?.nodeId ?? record?.id ?? '',
    status: statusOf(facts),
    kind: seen?.kind ?? record?.kind ?? 'agent',
    problem: problemOf(facts),
    warnings: [...(member?.warnings ?? [])],
    backend: backend?.kind ?? '',
    backendVersion: backend?.version ?? '',
    agentVersion: seen?.agentVersion ?? '',
    heartbeatAgeMs: seen && now - seen.heardAt,
    modelCount: state?.models.length ?? 0,
    runners: state?.runners.map((runner) => describeRunner(runner, facts)) ?? [],
    slots: {
      total: int32(state?.slots?.total ?? 0),
      busy: int32(state?.slots?.busy ?? 0),
      waiting: int32(state?.slots?.waiting ?? 0),
      zombie: int32(state?.slots?.zombie ?? 0),
      inFlight: view?.inFlight ?? 0,
    },
    modelMemoryBytes: state?.modelMemoryBytes,
    hardware: state && hardwareOf(state),
    breaker: { ...breaker, models: breaker.models.map((model) => ({ ...model })) },
    speeds: speeds.map((speed) => ({ ...speed })),
    attributes: attributesOf(record),
    certificateExpiresAt: expiry === undefined ? '' : new Date(expiry).toISOString(),
  });
}

function statusOf({ member, record, view, lost, drain }: NodeFacts): NodeStatus {
  if (!member) return lost ? NodeStatus.LOST : NodeStatus.ABSENT;
  const { state, suspect } = member;
  if (!state || suspect) return NodeStatus.SUSPECT;
  if (state.draining) return NodeStatus.DRAINING;
  if (record?.cordoned) return drain ? NodeStatus.DRAINING : NodeStatus.CORDONED;
  return view?.ready ? NodeStatus.READY : NodeStatus.UNHEALTHY;
}

/** What is wrong and what to do, worst first. */
function problemOf(facts: NodeFacts): string {
  const { member, record, lost, hold, now } = facts;
  if (!member) return lost ? loss(lost, now) : absence(record);
  const { state, suspect, admitted, latest } = member;
  if (!state && latest?.draining) return 'Its agent was shut down; start it again when you want it back.';
  if (suspect)
    return `No heartbeat for ${seconds(now - member.heardAt)}: is the machine asleep, or its network down? It gets calls again with the next one.`;
  if (!state) return unwatched(member);
  if (state.backend?.problem) return state.backend.problem;
  if (state.draining) return 'Its agent is shutting down; start it again when you want it back.';
  if (record?.cordoned) return rest(facts);
  if (admitted || !hold) return '';
  return `It came and went ${hold.falls} times within a minute; if it stays, it gets calls again in ${seconds(hold.waitMs)}.`;
}

/** Of a node that was told to take no calls. */
function rest({ name, view, drain }: NodeFacts): string {
  const back = `"tutti node uncordon ${name}" gives it calls again.`;
  if (!drain) return `It was told to take no new calls; ${back}`;
  const left = view?.inFlight ?? 0;
  if (left === 0) return `It is drained; ${back}`;
  const end = drain.leftMs === undefined ? '' : `, at the latest in ${seconds(drain.leftMs)}`;
  return `It is drained when its ${left} running calls are over${end}; ${back}`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}

function loss({ name, heardAt }: LostNode, now: number): string {
  const minutes = Math.round((now - heardAt) / 60_000);
  return `It was last heard of ${minutes} min ago: start its agent, and see that it reaches this machine; if it is gone for good, "tutti node rm ${name}".`;
}

function absence(record: NodeRecord | undefined): string {
  if (record && record.kind !== 'agent') return 'It is being looked for; is its host name right?';
  if (record?.joinedAt !== undefined)
    return 'It has joined and is not connected: start its agent, and see that it reaches this machine.';
  return 'It has not connected yet: "tutti token create" shows the line to start its agent with.';
}

function unwatched({ trouble, latest }: Member): string {
  if (trouble === '') return 'It has registered and is being dialled.';
  if (latest)
    return `Its connection broke (${trouble}): is its agent gone, or its network down? It is dialled again and again.`;
  return `It has registered, but cannot be reached from here (${trouble}): let its agent's port through its firewall.`;
}

function describeRunner(
  { model, expiresInMs, contextLength, sizeBytes, vramBytes, problem }: NodeState['runners'][number],
  { view, now }: NodeFacts,
): MessageInitShape<typeof NodeRunnerSchema> {
  const age = view ? now - view.reportedAt : 0;
  return {
    model,
    contextLength: int32(contextLength),
    sizeBytes,
    vramBytes,
    problem,
    expiresInMs: expiresInMs === undefined || expiresInMs < 0 ? expiresInMs : Math.max(0, expiresInMs - age),
    inFlight: view?.inFlightByModel.get(canonicalModel(model)) ?? 0,
  };
}

/** Of a machine without an agent nothing is known. */
function hardwareOf({ hardware }: NodeState): MessageInitShape<typeof NodeSchema>['hardware'] {
  if (!hardware?.hostname) return undefined;
  const { cpuCount, gpus, hostname, os, arch, cpuModel, cpuLoad, memoryTotalBytes, memoryAvailableBytes } = hardware;
  return {
    ...{ hostname, os, arch, cpuModel, cpuLoad, memoryTotalBytes, memoryAvailableBytes },
    cpuCount: int32(cpuCount),
    gpus: gpus.map(({ name, memoryTotalBytes, memoryUsedBytes, temperatureC, load }) => ({
      ...{ name, memoryTotalBytes, memoryUsedBytes, temperatureC, load },
    })),
  };
}

function attributesOf(record: NodeRecord | undefined): MessageInitShape<typeof NodeSchema>['attributes'] {
  const { labels, capabilities, ...rest } = record?.attributes ?? {};
  return { ...rest, labels: { ...labels }, capabilities: [...(capabilities ?? [])] };
}
