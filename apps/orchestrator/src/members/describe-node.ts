import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { canonicalModel, type NodeRecord, type NodeView } from '@tutti/core';
import type { NodeState } from '@tutti/proto/tutti/agent/v1/state';
import { NodeSchema, NodeStatus, type Node, type NodeRunnerSchema } from '@tutti/proto/tutti/v1/node';
import { int32 } from './int32.ts';
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
  /** Whether it was cordoned in order to be drained. */
  readonly draining: boolean;
  /** On the cluster's clock. */
  readonly now: number;
}

/** The node for people and programs. What an agent reports may be anything; numbers are made to fit. */
export function describeNode(facts: NodeFacts): Node {
  const { name, member, record, view, now } = facts;
  const state = member && (member.state ?? view?.state);
  const backend = state?.backend;
  const expiry = record?.certificateExpiresAt;
  return create(NodeSchema, {
    name,
    id: member?.nodeId ?? record?.id ?? '',
    status: statusOf(facts),
    kind: member?.kind ?? record?.kind ?? 'agent',
    problem: problemOf(facts),
    backend: backend?.kind ?? '',
    backendVersion: backend?.version ?? '',
    agentVersion: member?.agentVersion ?? '',
    heartbeatAgeMs: member && now - member.heardAt,
    modelCount: state?.models.length ?? 0,
    runners: state?.runners.map((runner) => describeRunner(runner, facts)) ?? [],
    slots: {
      total: int32(state?.slots?.total ?? 0),
      busy: int32(state?.slots?.busy ?? 0),
      waiting: int32(state?.slots?.waiting ?? 0),
      inFlight: view?.inFlight ?? 0,
    },
    hardware: state && hardwareOf(state),
    attributes: attributesOf(record),
    certificateExpiresAt: expiry === undefined ? '' : new Date(expiry).toISOString(),
  });
}

function statusOf({ member, record, view, draining }: NodeFacts): NodeStatus {
  if (!member) return NodeStatus.ABSENT;
  const { state, suspect } = member;
  if (!state || suspect) return NodeStatus.SUSPECT;
  if (state.draining) return NodeStatus.DRAINING;
  if (record?.cordoned) return draining ? NodeStatus.DRAINING : NodeStatus.CORDONED;
  return view?.ready ? NodeStatus.READY : NodeStatus.UNHEALTHY;
}

/** What is wrong and what to do, worst first. */
function problemOf({ name, member, record, view, draining, now }: NodeFacts): string {
  if (!member) return absence(record);
  const { state, suspect } = member;
  if (suspect) {
    const seconds = Math.round((now - member.heardAt) / 1_000);
    return `No heartbeat for ${seconds} s: is the machine asleep, or its network down? It gets calls again with the next one.`;
  }
  if (!state) return unwatched(member);
  if (state.backend?.problem) return state.backend.problem;
  if (state.draining) return 'Its agent is shutting down; start it again when you want it back.';
  if (!record?.cordoned) return '';
  const back = `"tutti node uncordon ${name}" gives it calls again.`;
  if (!draining) return `It was told to take no new calls; ${back}`;
  const left = view?.inFlight ?? 0;
  return left > 0 ? `It is drained when its ${left} running calls are over; ${back}` : `It is drained; ${back}`;
}

function absence(record: NodeRecord | undefined): string {
  if (record?.kind === 'ollama') return 'It is being looked for; is its host name right?';
  if (record?.joinedAt !== undefined)
    return 'It has joined and is not connected: start its agent, and see that it reaches this machine.';
  return 'It has not connected yet: "tutti token create" shows the line to start its agent with.';
}

function unwatched({ trouble }: Member): string {
  if (trouble === '') return 'It has registered and is being dialled.';
  return `It has registered, but cannot be reached from here (${trouble}): let its agent's port through its firewall.`;
}

function describeRunner(
  { model, expiresInMs, contextLength, sizeBytes, vramBytes }: NodeState['runners'][number],
  { view, now }: NodeFacts,
): MessageInitShape<typeof NodeRunnerSchema> {
  const age = view ? now - view.reportedAt : 0;
  return {
    model,
    contextLength: int32(contextLength),
    sizeBytes,
    vramBytes,
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
