import type { Random } from '@tutti/core';
import type { MachineModel } from '../machine-profile.ts';
import { seededRandom } from '../seeded-random.ts';
import { targetUtilisation, utilisation } from './capacity.ts';
import { conversation, embedding, turnCount, type Turn } from './conversation.ts';
import { integer, pick, pickWeighted, shuffled } from './draws.ts';
import type { Fleet } from './fleet.ts';
import { popularity } from './popularity.ts';

/** A call of a client of the fleet, with what only the model will know: how long its answer is. */
export interface FleetCall extends Turn {
  readonly id: string;
  readonly tenant: string;
  readonly model: string;
  readonly kind: 'generate' | 'embed';
}

interface Options {
  readonly seed: number;
  /** Part of the fleet's capacity that the calls take, on average over the time. */
  readonly load: number;
  readonly durationMs: number;
}

/** The tenant whose wait shows whether the order is fair: few calls, never many at once. */
export const lightTenant = 'light';
/** The one that sends hundreds at once. */
export const heavyTenant = 'heavy';

const tenants = new Map([
  [lightTenant, 0.26],
  [heavyTenant, 0.26],
  ['north', 0.2],
  ['south', 0.16],
  ['west', 0.12],
]);

const bursts = 4;
/** Part of all work that is in one burst. */
const burstShare = 0.02;
const burstMs = 15_000;
/** One clump of embeddings for so many conversations. */
const conversationsPerClump = 24;
const clumpMs = 1_000;

/** What the clients of a fleet send, in order of arrival: the same for whoever is measured with it. */
export function workload(fleet: Fleet, { seed, load, durationMs }: Options): FleetCall[] {
  const random = seededRandom(seed);
  const [talkers, embedders] = [fleet.models.filter((m) => !m.embedding), fleet.models.filter((m) => m.embedding)];
  const popularAt = popularity(random, talkers, durationMs);
  const used = utilisation(fleet, durationMs);
  const calls: Omit<FleetCall, 'id'>[] = [];

  const add = (model: MachineModel, tenant: string, turns: readonly Turn[]): void => {
    for (const turn of turns) {
      if (turn.atMs >= durationMs) continue;
      used.add(model, turn);
      calls.push({ ...turn, tenant, model: model.name, kind: model.embedding ? 'embed' : 'generate' });
    }
  };
  const target = targetUtilisation(fleet, load);
  let id = 0;

  for (const startMs of burstStarts(random, durationMs)) {
    const models = shuffled(random, talkers).slice(0, integer(random, 1, 2));
    const until = used.value + target * burstShare;
    while (used.value < until) {
      const atMs = startMs + random() * burstMs;
      const model = pick(random, models);
      add(model, heavyTenant, conversation(random, model, { atMs, turns: 1, id: id++ }));
    }
  }
  for (let started = 0; used.value < target; started++) {
    const atMs = random() * durationMs;
    const tenant = pickWeighted(random, tenants);
    const model = popularAt(atMs);
    add(model, tenant, conversation(random, model, { atMs, turns: turnCount(random), id: id++ }));
    if (started % conversationsPerClump === 0) {
      const embedder = pick(random, embedders);
      for (const turn of clump(random, random() * durationMs, () => id++)) add(embedder, tenant, [turn]);
    }
  }
  return calls.toSorted((a, b) => a.atMs - b.atMs).map((call, index) => ({ ...call, id: `call-${index + 1}` }));
}

/** One in each quarter of the time, so that they meet neither each other nor the end. */
function burstStarts(random: Random, durationMs: number): number[] {
  return Array.from({ length: bursts }, (_, index) => ((index + 0.8 * random()) / bursts) * durationMs);
}

function clump(random: Random, startMs: number, nextId: () => number): Turn[] {
  return Array.from({ length: integer(random, 4, 24) }, () =>
    embedding(random, startMs + random() * clumpMs, nextId()),
  );
}
