import {
  canonicalModel,
  ClusterError,
  onAbort,
  type Chunk,
  type Clock,
  type Context,
  type Generate,
} from '@tutti/core';
import { bytesOf, groupKey, isEmbed, joined, shares, type EmbedCall } from './embed-group.ts';
import { createOutlet, type Outlet } from './outlet.ts';

/** What was spared by joining embeddings, since the start. */
export interface BatchCounts {
  /** Calls that asked for embeddings. */
  calls: number;
  /** Requests that were made of them. */
  requests: number;
  /** Texts in those. */
  inputs: number;
  /** Most calls in one request. */
  largest: number;
}

export interface Batches {
  /** Joins embeddings of several callers into one request; everything else passes. */
  readonly batched: (next: Generate) => Generate;
  readonly counts: Readonly<BatchCounts>;
}

/** A call that waits for its vectors. */
interface Member {
  readonly call: EmbedCall;
  readonly context: Context;
  readonly key: string;
  readonly outlet: Outlet;
  /** Its request has failed together with others, or is one that backends do not take several of: it gets one of its own. */
  alone: boolean;
  left: boolean;
}

/** The embeddings of one model: one request at a time. */
interface Lane {
  waiting: Member[];
}

/** How long the first call waits for others when nothing runs that they could gather behind. */
const gatherMs = 5;
const mostInputs = 64;
const mostBytes = 256 * 1024;

export function createBatches(clock: Clock): Batches {
  const counts: BatchCounts = { calls: 0, requests: 0, inputs: 0, largest: 0 };
  const lanes = new Map<string, Lane>();

  const batched = (next: Generate): Generate => {
    const serve = async (model: string, lane: Lane): Promise<void> => {
      for (let group = takeGroup(lane); group; group = takeGroup(lane)) {
        const failed = await request(group);
        for (const member of failed) member.alone = true;
        lane.waiting.unshift(...failed);
      }
      lanes.delete(model);
    };

    /** Runs one request for all of them. Returns those who must try again, each alone. */
    const request = async (group: readonly Member[]): Promise<readonly Member[]> => {
      const calls = group.map(({ call }) => call);
      counts.requests += 1;
      counts.inputs += calls.reduce((sum, { kind }) => sum + kind.value.inputs.length, 0);
      counts.largest = Math.max(counts.largest, group.length);
      const controller = new AbortController();
      const forget = group.map((member) => {
        const leave = (): void => {
          member.left = true;
          if (group.every(({ left }) => left)) controller.abort(member.context.signal.reason);
        };
        return onAbort(member.context.signal, leave);
      });
      let answered = false;
      try {
        const evict = group.find(({ context }) => context.evict)?.context.evict;
        const context = { ...group[0]!.context, ...(evict && { evict }), signal: controller.signal };
        for await (const chunk of next(joined(calls), context)) {
          answered ||= chunk.kind.case !== 'progress';
          shares(chunk, calls).forEach((share, index) => share && group[index]!.outlet.put(share));
        }
        for (const { outlet } of group) outlet.end();
        return [];
      } catch (thrown) {
        const waiting = group.filter(({ left }) => !left);
        if (group.length > 1 && !answered && mayBeOneOfThem(thrown)) return waiting;
        for (const { outlet } of waiting) outlet.end(thrown);
        return [];
      } finally {
        for (const unlink of forget) unlink();
      }
    };

    const enter = (member: Member): void => {
      const model = canonicalModel(member.call.model);
      let lane = lanes.get(model);
      if (!lane) {
        const opened: Lane = { waiting: [] };
        lanes.set(model, (lane = opened));
        clock.after(gatherMs, () => void serve(model, opened));
      }
      lane.waiting.push(member);
    };

    const gathered = async function* (call: EmbedCall, context: Context): AsyncGenerator<Chunk> {
      counts.calls += 1;
      const member: Member = {
        call,
        context,
        key: groupKey(call),
        outlet: createOutlet(),
        alone: call.kind.value.raw,
        left: false,
      };
      enter(member);
      try {
        yield* member.outlet.chunks(context.signal);
      } finally {
        member.left = true;
      }
    };

    return (call, context) =>
      isEmbed(call) && call.kind.value.inputs.length > 0 ? gathered(call, context) : next(call, context);
  };

  return { batched, counts };
}

/** The first who waits, and those behind that can be asked for with it. */
function takeGroup(lane: Lane): readonly Member[] | undefined {
  lane.waiting = lane.waiting.filter(({ left }) => !left);
  const [first] = lane.waiting;
  if (!first) return undefined;
  let inputs = 0;
  let bytes = 0;
  const group = lane.waiting.filter((member) => {
    if (member !== first && (first.alone || member.alone || member.key !== first.key)) return false;
    const { length } = member.call.kind.value.inputs;
    const size = bytesOf(member.call);
    if (member !== first && (inputs + length > mostInputs || bytes + size > mostBytes)) return false;
    inputs += length;
    bytes += size;
    return true;
  });
  lane.waiting = lane.waiting.filter((member) => !group.includes(member));
  return group;
}

/** Whether one bad text may have failed them all; a backend that is full or silent fails each of them. */
function mayBeOneOfThem(thrown: unknown): boolean {
  const { reason } = ClusterError.from(thrown);
  return reason !== 'no_slot' && reason !== 'overloaded' && reason !== 'upstream_timeout';
}
