import { mean } from '../metrics.ts';
import type { Outcome } from '../run.ts';
import type { Condition, Visit } from './condition.ts';
import type { Fault } from './fault.ts';

/** What one fault did to the clients of one policy. */
export interface Trouble {
  readonly policy: string;
  readonly fault: Fault;
  /** Calls that came while it lasted, and their mean time to the first token. */
  readonly calls: number;
  readonly firstTokenMeanMs: number;
  /** Calls that failed before their first token or never ended. */
  readonly failed: number;
  /** Calls that broke off in the middle of their answer: their clients have part of it, and were told. */
  readonly cut: number;
  /** Calls that were turned away with a word when to come again. */
  readonly refused: number;
  /** From its beginning until the policy could know of it; undefined: it never did. */
  readonly noticedAfterMs: number | undefined;
  /** The longest that a call was at the node for nothing after that. */
  readonly longestLossMs: number;
  /** Calls sent to the node later than a second after that, as long as the fault lasted. */
  readonly sentLater: number;
}

interface Course {
  readonly outcomes: readonly Outcome[];
  /** Of the node that the faults are on. */
  readonly condition: Condition;
}

/** So long after a fault is noticed, no call is in trouble for it any more. */
export const overWithinMs = 1_000;

/** Who got no token counts as having waited so long: a failure is no way to look fast. */
const noTokenMs = 120_000;

/** What each of the faults did, one after the other; what comes before the next one is counted with the last. */
export function troubles(policy: string, faults: readonly Fault[], { outcomes, condition }: Course): Trouble[] {
  return faults.map((fault, index) => {
    const { fromMs, untilMs } = fault;
    const nextMs = faults[index + 1]?.fromMs ?? Infinity;
    const isIts = ({ call, endedAtMs = call.atMs }: Outcome): boolean => endedAtMs >= fromMs && endedAtMs < nextMs;
    const its = (end: Outcome['end']): Outcome[] => outcomes.filter((one) => one.end === end && isIts(one));
    const came = outcomes.filter(({ call }) => call.atMs >= fromMs && call.atMs < untilMs);
    const cut = its('failed').filter(({ firstTokenAtMs }) => firstTokenAtMs !== undefined);
    const visits = condition.visits.filter((visit) => visit.startedAtMs < untilMs && endOf(visit) > fromMs);
    const noticedAtMs = noticed(fault, condition, visits);
    const since = noticedAtMs ?? fromMs;
    return {
      ...{ policy, fault, calls: came.length, cut: cut.length, refused: its('refused').length },
      firstTokenMeanMs: mean(came.map(firstTokenMs)),
      failed: its('failed').length - cut.length + its('unfinished').length,
      noticedAfterMs: noticedAtMs && noticedAtMs - fromMs,
      longestLossMs: Math.max(0, ...visits.map((visit) => lossMs(fault, visit, since))),
      sentLater: visits.filter(({ startedAtMs }) => startedAtMs > since + overWithinMs).length,
    };
  });
}

/** Whether what was promised of faults holds. */
export function isSpared({ failed, longestLossMs }: Trouble): boolean {
  return failed === 0 && longestLossMs <= overWithinMs;
}

/** A broken connection tells of itself; that a machine refuses or is slow, its first answers tell. */
function noticed({ kind, fromMs, untilMs }: Fault, { noticedAtMs }: Condition, visits: readonly Visit[]) {
  const during = (time: number | undefined): boolean => time !== undefined && time >= fromMs && time <= untilMs;
  if (kind === 'kill' || kind === 'hang') return noticedAtMs.find(during);
  const told = visits.filter(
    ({ startedAtMs, end }) => startedAtMs >= fromMs && (kind === 'full' || end === 'answered'),
  );
  const first = Math.min(...told.map(endOf));
  return during(first) ? first : undefined;
}

/** What is answered late was not for nothing, unless it was late because nothing moved. */
function lossMs({ kind, untilMs }: Fault, visit: Visit, since: number): number {
  const isLost = visit.end !== 'answered' || kind === 'hang';
  return isLost ? Math.min(endOf(visit), untilMs) - Math.max(visit.startedAtMs, since) : 0;
}

function firstTokenMs({ call, firstTokenAtMs }: Outcome): number {
  return firstTokenAtMs === undefined ? noTokenMs : firstTokenAtMs - call.atMs;
}

function endOf({ endedAtMs = Infinity }: Visit): number {
  return endedAtMs;
}
