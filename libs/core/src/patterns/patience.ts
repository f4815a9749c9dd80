import { ClusterError } from '../error.ts';
import type { Clock } from '../ports.ts';
import type { Answer, Question } from './question.ts';

/** Those that were asked alike have so long at least: a model that has to be loaded first may take as long. */
const leastMs = 60_000;

/** A call that nobody else stands in for may be silent as long as a node may be within an answer. */
const longestSilenceMs = 120_000;

/** How many times as long as others took somebody may take. */
const factor = 2;

/** How long the calls of a run are waited for, by what its other calls took. */
export interface Patience {
  /** In the order of the questions, also of those that an earlier process had answered. */
  asked(id: string, question: Question): void;
  /** The call is made here; `giveUp` ends it. */
  begun(id: string, giveUp: (error: ClusterError) => void): void;
  /** A sign of life; `isWaiting`: it waits for a place, or for its model, and may do so in silence. */
  heard(id: string, isWaiting: boolean): void;
  /** Undefined: without an answer. */
  ended(id: string, answer?: Answer): void;
  /** Nobody is waited for any more. */
  over(): void;
}

/** Calls that were asked alike, before any of them had ended. */
interface Peers {
  asked: number;
  answered: number;
  slowestMs: number;
  /** On the clock; undefined: not more than half have answered. */
  dueAt: number | undefined;
  isClosed: boolean;
}

interface Waited {
  readonly id: string;
  readonly peers: Peers;
  /** Characters of the question. */
  readonly length: number;
  giveUp?: (error: ClusterError) => void;
  heardAt: number;
  isWaiting: boolean;
}

/**
 * Gives up those that hang while the others are there. When more than half of several that were asked alike have
 * answered, the rest have twice as long as the slowest of these took. Any call may be silent for twice as long as the
 * slowest call of the run took, in proportion to its question; the first of a run, which has no measure, only ends as
 * any call of the cluster does.
 */
export function createPatience({ now, after }: Pick<Clock, 'now' | 'after'>): Patience {
  const open = new Map<string, Waited>();
  const latest = new Map<string, Peers>();
  /** Of the calls that have answered. */
  let slowestMs = 0;
  let longest = 0;
  let stop: (() => void) | undefined;

  const peersOf = (key: string): Peers => {
    const known = latest.get(key);
    if (known && !known.isClosed) return known;
    const peers = { asked: 0, answered: 0, slowestMs: 0, dueAt: undefined, isClosed: false };
    latest.set(key, peers);
    return peers;
  };

  const silentUntil = ({ isWaiting, heardAt, length }: Waited): number => {
    if (isWaiting || longest === 0) return Infinity;
    return heardAt + Math.max(longestSilenceMs, factor * slowestMs * Math.max(1, length / longest));
  };

  /** Gives up who is late, and looks again when the next one would be. */
  const look = (): void => {
    stop?.();
    stop = undefined;
    let next = Infinity;
    for (const waited of [...open.values()]) {
      if (!waited.giveUp) continue;
      const { dueAt = Infinity } = waited.peers;
      const silent = silentUntil(waited);
      if (Math.min(dueAt, silent) > now()) next = Math.min(next, dueAt, silent);
      else {
        open.delete(waited.id);
        waited.giveUp(dueAt <= now() ? slower() : silence(now() - waited.heardAt));
      }
    }
    if (next < Infinity) stop = after(next - now(), look);
  };

  return {
    asked(id, { label: { role, round = 0, task = '' }, messages }) {
      const peers = peersOf(`${role} ${round} ${task}`);
      peers.asked += 1;
      const length = messages.reduce((sum, { content }) => sum + content.length, 1);
      open.set(id, { id, peers, length, heardAt: 0, isWaiting: false });
    },
    begun(id, giveUp) {
      const waited = open.get(id);
      if (!waited) return;
      waited.giveUp = giveUp;
      waited.heardAt = now();
      look();
    },
    heard(id, isWaiting) {
      const waited = open.get(id);
      if (!waited) return;
      const waitedBefore = waited.isWaiting;
      waited.heardAt = now();
      waited.isWaiting = isWaiting;
      if (waitedBefore && !isWaiting) look();
    },
    ended(id, answer) {
      const waited = open.get(id);
      if (!waited) return;
      open.delete(id);
      const { peers, length } = waited;
      peers.isClosed = true;
      if (!answer) return;
      peers.answered += 1;
      peers.slowestMs = Math.max(peers.slowestMs, answer.durationMs);
      slowestMs = Math.max(slowestMs, answer.durationMs);
      longest = Math.max(longest, length);
      if (peers.answered > peers.asked / 2) {
        peers.dueAt ??= now() + Math.max(leastMs, factor * peers.slowestMs);
      }
      look();
    },
    over() {
      stop?.();
      open.clear();
    },
  };
}

function slower(): ClusterError {
  return new ClusterError('upstream_timeout', 'it took more than twice as long as the others');
}

function silence(silentMs: number): ClusterError {
  const seconds = Math.round(silentMs / 1_000);
  return new ClusterError('upstream_timeout', `it said nothing for ${seconds} s, far longer than the others took`);
}
