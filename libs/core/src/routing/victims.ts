import { idleAt, type Outlook, type RunnerOutlook } from './outlook.ts';

/** What a load takes out of memory. */
export interface Victims {
  readonly runners: readonly RunnerOutlook[];
  /** Memory that is still free when the load has what it needs; Infinity: unknown. */
  readonly spareBytes: number;
  /** Whether one of them still has calls, or is not there yet. */
  readonly busy: boolean;
  /** When the last of them will be idle; -Infinity: all are. */
  readonly idleAt: number;
  /** What others are expected to lose, in milliseconds. */
  readonly regretMs: number;
}

/** What others think of a model. */
export interface Regrets {
  /** Calls that wait for it. */
  waiting(model: string): number;
  /** Part of a load's time that they lose if a copy goes. */
  regretPart(model: string): number;
}

/** What others lose if the runner goes, in milliseconds. */
export function regretMs({ model, loadMs }: RunnerOutlook, { regretPart }: Regrets): number {
  return loadMs * regretPart(model);
}

/** Chooses what makes room for a model of so many bytes. `own`: its runner, whose memory is free. */
export function victimsFor(outlook: Outlook, own: RunnerOutlook | undefined, bytes: number, regrets: Regrets): Victims {
  const { memoryBytes = Number.POSITIVE_INFINITY, maxRunners = Number.POSITIVE_INFINITY } = outlook.facts;
  let spareBytes = memoryBytes - outlook.usedBytes - bytes;
  let spareRunners = maxRunners - outlook.runners.length - 1;
  if (own) {
    for (const runner of outlook.runners) {
      if (runner.model !== own.model) continue;
      spareBytes += runner.bytes;
      spareRunners += 1;
    }
  }
  if (spareBytes >= 0 && spareRunners >= 0) return noVictims(spareBytes);

  const taken: RunnerOutlook[] = [];
  while (spareBytes < 0 || spareRunners < 0) {
    const next = cheapestOf(outlook.runners, own, taken, regrets);
    if (!next) break;
    taken.push(next);
    spareBytes += next.bytes;
    spareRunners += 1;
  }
  const runners: RunnerOutlook[] = [];
  let busy = false;
  let allIdleAt = Number.NEGATIVE_INFINITY;
  let regret = 0;
  for (const runner of taken) {
    // An early victim may have become superfluous by a large one after it.
    if (spareBytes >= runner.bytes && spareRunners >= 1) {
      spareBytes -= runner.bytes;
      spareRunners -= 1;
      continue;
    }
    runners.push(runner);
    busy ||= isNeeded(runner, regrets);
    allIdleAt = Math.max(allIdleAt, idleAt(runner));
    regret += regretMs(runner, regrets);
  }
  return { runners, spareBytes, busy, idleAt: allIdleAt, regretMs: regret };
}

const nobody: readonly RunnerOutlook[] = [];

function noVictims(spareBytes: number): Victims {
  return { runners: nobody, spareBytes, busy: false, idleAt: Number.NEGATIVE_INFINITY, regretMs: 0 };
}

/** Idle ones first, then those whose loss is cheap for the memory that it frees. */
function cheapestOf(
  runners: readonly RunnerOutlook[],
  own: RunnerOutlook | undefined,
  taken: readonly RunnerOutlook[],
  regrets: Regrets,
): RunnerOutlook | undefined {
  let best: RunnerOutlook | undefined;
  let bestPrice = Number.POSITIVE_INFINITY;
  let bestNeeded = true;
  for (const runner of runners) {
    if (runner.model === own?.model || taken.includes(runner)) continue;
    const needed = isNeeded(runner, regrets);
    if (needed && !bestNeeded) continue;
    const price = regretMs(runner, regrets) / Math.max(1, runner.bytes);
    const isRival = needed === bestNeeded && best !== undefined;
    if (isRival && (price > bestPrice || (price === bestPrice && runner.model > best!.model))) continue;
    best = runner;
    bestPrice = price;
    bestNeeded = needed;
  }
  return best;
}

/** What was loaded for someone is not taken away before it has served them. */
function isNeeded(runner: RunnerOutlook, { waiting }: Regrets): boolean {
  return isBusy(runner) || (runner.facts.fresh && waiting(runner.model) > 0);
}

/** Whether it has calls, or calls are on their way to it. */
export function isBusy(runner: RunnerOutlook): boolean {
  return runner.inFlight > 0 || idleAt(runner) > Number.NEGATIVE_INFINITY;
}
