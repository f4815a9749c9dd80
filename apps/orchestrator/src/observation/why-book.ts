import type { Clock, Priority } from '@tutti/core';
import type { Decision, Demand, Exclusion } from '@tutti/core/cluster';
import { keepOptions, optionsFrom, type KeptOption, type KeptOptions } from './kept-options.ts';
import { keepMarks } from './shared-prefix.ts';
import type { RequestRecord } from './request-record.ts';

/** One choice of a node, as it is told. */
export interface Choice {
  readonly attempt: number;
  readonly node: string;
  readonly policy: string;
  readonly reason: string;
  /** From the request's arrival. */
  readonly afterMs: number;
  /** Cheapest first; the chosen one is among them. */
  readonly options: readonly KeptOption[];
  readonly exclusions: readonly Exclusion[];
}

/** What a call asked for, once a node was chosen for it. */
export interface KeptDemand {
  readonly promptTokens: number;
  readonly expectedOutputTokens: number;
  readonly numCtx: number | undefined;
  readonly priority: Priority;
  /** Marks of the prompt: a hash and a count of tokens by turns, shortest first. */
  readonly prefix: readonly number[];
}

/** A request and each choice that was made for it. */
export interface Story {
  readonly record: RequestRecord;
  /** Undefined: no node was ever chosen. */
  readonly demand: KeptDemand | undefined;
  readonly choices: readonly Choice[];
}

/** All requests that came since some time. */
export interface Stretch {
  /** On the clock. */
  readonly from: number;
  /** How long ago that is. */
  readonly windowMs: number;
  /** In the order in which they came. */
  readonly requests: readonly Omit<Story, 'choices'>[];
}

/** Why the last requests ran where they ran. */
export interface WhyBook {
  /** A request comes. Its record goes on changing, and tells in the end what came of it. */
  arrived(record: RequestRecord): void;
  /** A node was chosen for a request that came; of others nothing is kept. */
  decided(decision: Decision): void;
  /** The newest request of that id. */
  explain(requestId: string): Story | undefined;
  /** What came in the last `windowMs`. */
  since(windowMs: number): Stretch;
}

interface Options {
  readonly clock: Clock;
  /** Output tokens that a call is expected to take. */
  readonly expectedOutput: (demand: Demand) => number;
  /** Requests that are kept; the oldest go first. */
  readonly capacity?: number;
}

interface KeptChoice extends Omit<Choice, 'options'> {
  readonly options: KeptOptions;
}

interface Entry {
  readonly record: RequestRecord;
  demand?: KeptDemand;
  /** Most requests have one. */
  readonly choices: KeptChoice[];
}

export const requestsKept = 10_000;
const mostShown = 20;
/** A call that meets full nodes again and again is chosen for as often; the last choices tell enough. */
const mostChoices = 8;

export function createWhyBook({ clock, expectedOutput, capacity = requestsKept }: Options): WhyBook {
  /** A ring: the request that came as number n is at n modulo capacity. */
  const ring: Entry[] = [];
  const byId = new Map<string, Entry>();
  let count = 0;

  return {
    arrived(record) {
      const dropped = ring[count % capacity];
      if (dropped && byId.get(dropped.record.id) === dropped) byId.delete(dropped.record.id);
      const entry: Entry = { record, choices: [] };
      ring[count % capacity] = entry;
      byId.set(record.id, entry);
      count += 1;
    },
    decided({ requestId, attempt, decidedAt, demand, policy, reason, option, options, exclusions }) {
      const entry = byId.get(requestId);
      // Clients may name their requests alike.
      if (!entry || entry.record.principal !== demand.tenant) return;
      entry.demand ??= keptDemand(demand, expectedOutput(demand));
      if (entry.choices.length === mostChoices) entry.choices.shift();
      entry.choices.push({
        attempt,
        node: option.node,
        policy,
        reason,
        afterMs: decidedAt - entry.record.arrivedAt,
        options: keepOptions(options, option, mostShown),
        exclusions: exclusions.length > mostShown ? exclusions.slice(0, mostShown) : exclusions,
      });
    },
    explain(requestId) {
      const entry = byId.get(requestId);
      if (!entry) return undefined;
      const { record, demand, choices } = entry;
      return {
        record,
        demand,
        choices: choices.map((choice) => ({ ...choice, options: optionsFrom(choice.options) })),
      };
    },
    since(windowMs) {
      const now = clock.now();
      const begin = now - windowMs;
      const oldest = count > capacity ? count % capacity : 0;
      const inOrder = [...ring.slice(oldest), ...ring.slice(0, oldest)];
      // Before the oldest one that is kept, others may have come.
      const from = count > capacity ? Math.max(begin, inOrder[0]!.record.arrivedAt) : begin;
      const requests = inOrder.filter(({ record }) => record.arrivedAt >= begin);
      return { from, windowMs: now - from, requests: requests.map(({ record, demand }) => ({ record, demand })) };
    },
  };
}

function keptDemand(demand: Demand, expectedOutputTokens: number): KeptDemand {
  const { promptTokens, numCtx, priority, prefix } = demand;
  return { promptTokens, expectedOutputTokens, numCtx, priority, prefix: keepMarks(prefix) };
}
