import { slotsFor } from './cost.ts';
import type { Demand } from './demand.ts';
import type { Estimates } from './estimates.ts';
import type { ModelFacts } from './node-facts.ts';
import type { Option } from './option.ts';
import { endsOf, moveEnd, slotFreeAt, takeSlot, type Outlook, type RunnerOutlook } from './outlook.ts';

/**
 * The outlook once the call has its place there. `starts`: it is sent now; else the place is only kept, against those
 * behind it in this pass.
 */
export function applied(
  outlook: Outlook,
  option: Option,
  demand: Demand,
  estimates: Estimates,
  now: number,
  starts: boolean,
): Outlook {
  const name = option.model ?? demand.model;
  const own = outlook.runners.find((runner) => runner.model === name);
  const next =
    option.kind === 'resident' && own
      ? withCall(outlook, own, option, demand.kind === 'embed', starts)
      : withLoad(outlook, own, option, demand, estimates, starts);
  return { ...next, slotFreeAt: slotFreeAt(next, now) };
}

function withCall(outlook: Outlook, own: RunnerOutlook, option: Option, embeds: boolean, starts: boolean): Outlook {
  const end = option.startAt + option.durationMs;
  const joins = embeds && own.embeddings > 0;
  const ends = [...own.ends];
  const shared = joins ? ends.indexOf(own.embeddedAt) : -1;
  if (shared >= 0) moveEnd(ends, shared, end);
  else takeSlot(ends, own.slots, end);
  const takesPlace = starts && !joins;
  const runner: RunnerOutlook = {
    ...own,
    ends,
    inFlight: own.inFlight + (takesPlace ? 1 : 0),
    embeddings: own.embeddings + (embeds && starts ? 1 : 0),
    embeddedAt: embeds ? end : own.embeddedAt,
  };
  const takesSlot = takesPlace && own.inFlight < own.slots;
  return {
    ...outlook,
    runners: outlook.runners.map((other) => (other === own ? runner : other)),
    running: outlook.running + (takesSlot ? 1 : 0),
  };
}

function withLoad(
  outlook: Outlook,
  own: RunnerOutlook | undefined,
  { startAt, durationMs, numCtx = 0, evict, parts, model }: Option,
  demand: Demand,
  estimates: Estimates,
  starts: boolean,
): Outlook {
  const name = model ?? demand.model;
  const slots = slotsFor(outlook, demand);
  const facts: ModelFacts | undefined = outlook.facts.models.get(name);
  const bytes = facts ? estimates.runnerBytes(outlook.facts, facts, numCtx, slots) : 0;
  const leaving = outlook.runners.filter((runner) => runner === own || evict.includes(runner.model));
  const runner: RunnerOutlook = {
    facts: {
      model: name,
      numCtx,
      bytes,
      slots,
      runnerOptions: demand.runnerOptions,
      foreignCalls: 0,
      loading: true,
      loadingSince: startAt - parts.loadMs,
      fresh: true,
      problem: '',
    },
    model: name,
    bytes,
    loadMs: parts.loadMs,
    planned: !starts,
    readyAt: startAt,
    slots,
    ends: [startAt + durationMs],
    // The node counts calls by model: those of the runner that goes still hold their places when the next ones come.
    inFlight: (own?.inFlight ?? 0) + (starts ? 1 : 0),
    embeddings: starts && demand.kind === 'embed' ? 1 : 0,
    embeddedAt: startAt + durationMs,
  };
  return {
    ...outlook,
    runners: [...outlook.runners.filter((other) => !leaving.includes(other)), runner],
    usedBytes: outlook.usedBytes - leaving.reduce((sum, other) => sum + other.bytes, 0) + bytes,
    loaderFreeAt: Math.max(outlook.loaderFreeAt, startAt),
    leavingAt: [...outlook.leavingAt, ...leaving.flatMap(endsOf)],
    running: outlook.running + (starts ? 1 : 0),
  };
}
