import type { NodeState } from '@tutti/proto/tutti/agent/v1/state';
import type { Generate } from './generate.ts';
import { canonicalModel } from './model-name.ts';
import type { NodeView } from './routing/plan.ts';

/** What a node's report brings. */
export interface Report {
  readonly generate: Generate;
  readonly state: NodeState;
  readonly reportedAt: number;
}

/** A node as the cluster keeps it. */
export interface Member extends NodeView {
  generate: Generate;
  state: NodeState;
  reportedAt: number;
  /** Whether it has reported since it was last suspended. */
  answers: boolean;
  full: boolean;
  inFlight: number;
  readonly inFlightByModel: Map<string, number>;
}

/** A node that has just reported. Who is cordoned is looked up at each question. */
export function createMember(name: string, report: Report, cordoned: ReadonlySet<string>): Member {
  const member: Member = {
    ...report,
    name,
    answers: true,
    full: false,
    inFlight: 0,
    inFlightByModel: new Map(),
    get cordoned() {
      return cordoned.has(name);
    },
    get ready() {
      return member.answers && !member.cordoned && !member.state.draining && !member.state.backend?.problem;
    },
  };
  return member;
}

/** One call of ours on the node more, or less. */
export function count(member: Member, name: string, change: 1 | -1): void {
  const model = canonicalModel(name);
  const left = (member.inFlightByModel.get(model) ?? 0) + change;
  member.inFlight += change;
  if (left > 0) member.inFlightByModel.set(model, left);
  else member.inFlightByModel.delete(model);
}
