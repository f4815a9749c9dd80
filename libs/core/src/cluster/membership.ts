import type { NodeState } from '@tutti/proto/tutti/agent/v1/state';
import type { Generate } from '../generate.ts';
import type { Clock } from '../ports.ts';
import type { ModelFacts, NodeFacts } from '../routing/node-facts.ts';
import { createMember, type Member, type NodeDescription } from './member.ts';

/** The nodes of a cluster, and what is said of nodes that are still to come. */
export interface Membership {
  readonly members: readonly Member[];
  member(name: string): Member | undefined;
  /** The model of that name, as some node has it. */
  model(name: string): ModelFacts | undefined;
  /** What is known of each node. */
  facts(now: number): NodeFacts[];
  /** Returns whether the node may serve other calls than before. */
  report(name: string, generate: Generate, state: NodeState): boolean;
  describe(name: string, description: NodeDescription): void;
  suspend(name: string): void;
  remove(name: string): void;
  cordon(name: string, on: boolean): void;
}

export function createMembership(clock: Clock): Membership {
  const members = new Map<string, Member>();
  const descriptions = new Map<string, NodeDescription>();
  const cordoned = new Set<string>();

  return {
    get members() {
      return [...members.values()];
    },
    member: (name) => members.get(name),
    model(name) {
      const now = clock.now();
      return members
        .values()
        .map((member) => member.facts(now).models.get(name))
        .find((model) => model !== undefined);
    },
    facts: (now) => Array.from(members.values(), (member) => member.facts(now)),
    report(name, generate, state) {
      const member = members.get(name);
      if (!member) {
        members.set(name, createMember(name, { generate, state }, descriptions.get(name), clock, cordoned));
        return true;
      }
      const before = abilities(member);
      member.report(generate, state);
      return before !== abilities(member);
    },
    describe(name, description) {
      descriptions.set(name, description);
      members.get(name)?.describe(description);
    },
    suspend(name) {
      members.get(name)?.suspend();
    },
    remove(name) {
      members.delete(name);
    },
    cordon(name, on) {
      if (on) cordoned.add(name);
      else cordoned.delete(name);
      members.get(name)?.steered();
    },
  };
}

/** What decides whom a node may serve at all, for comparing. */
function abilities({ ready, state }: Member): string {
  return `${ready} ${state.bootId} ${state.models.map(({ name }) => name).join(' ')}`;
}
