import type { Random } from '@tutti/core';
import type { Fleet, FleetCall, FleetNode, Machine, Timeline } from '@tutti/simulation';
import type { Condition } from './faults/condition.ts';

/** What a contender plays in: the same machines, the same calls, simulated time. */
export interface World {
  readonly timeline: Timeline;
  readonly fleet: Fleet;
  readonly nodes: readonly WorldNode[];
  readonly random: Random;
}

export interface WorldNode extends FleetNode {
  /** As it answers in the node's condition. */
  readonly machine: Machine;
  readonly condition: Condition;
}

/** Something that brings calls to machines. */
export interface Contender {
  readonly name: string;
  /** Gets ready in a fresh world. */
  start(world: World): Player;
}

export interface Player {
  /** Gets each call at the moment of its arrival. */
  send(call: FleetCall, listener: CallListener): void;
  /** Models that it took out of memory for others; the machines' own evictions are counted anyway. */
  evictions?(): number;
}

/** What the client of a call learns, each as it happens. */
export interface CallListener {
  /** The backend began with it. */
  started(): void;
  /** Only the first counts. */
  firstToken(cachedTokens: number): void;
  ended(answer: Answer): void;
  /** `refused`: it was turned away with a word when to come again. */
  failed(how: 'refused' | 'failed'): void;
}

export interface Answer {
  /** Who answered. */
  readonly model: string;
  /** Whether the beginning of the prompt was cut away. */
  readonly truncated: boolean;
}
