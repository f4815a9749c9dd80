import { canChat, chooseModel } from '../members.ts';
import type { AvailableModel } from '../pattern.ts';
import { playerOf, type Player } from '../player.ts';

/** What a specialist is good at. */
export const roles = ['research', 'reasoning', 'creative', 'code', 'critic'] as const;

export type Role = (typeof roles)[number];

/** Who plans and writes the answer, and who does the tasks of each role. */
export type Cast = { readonly coordinator: Player; readonly specialists: Readonly<Record<Role, Player>> };

interface Wishes {
  /** Plays every part, but for code if there is a model for that. */
  readonly preferred?: string | undefined;
  /** Capabilities that each must have. */
  readonly needs?: readonly string[];
}

const writesCode = /cod(e|er|ing)|starcoder|devstral/i;

/** Gives each part to the model that suits it: in memory first, then what the part asks for, then the largest. */
export function castOf(models: readonly AvailableModel[], { preferred, needs = [] }: Wishes): Cast {
  const chosen = chooseModel(models, { wanted: preferred === undefined ? [] : [preferred], needs });
  const all = models.filter((model) => canChat(model, needs));
  const able = preferred === undefined ? all : [chosen];
  const coders = all.filter(({ name, family, capabilities }) =>
    [name, family, ...capabilities].some((word) => writesCode.test(word)),
  );
  const coordinator = best(able, 'tools');
  const worker = best(able);
  const reasoning = best(able, 'thinking');
  const code = coders.length > 0 ? best(coders) : worker;
  return { coordinator, specialists: { research: worker, reasoning, creative: worker, code, critic: coordinator } };
}

/** The models of a cast, each once. */
export function modelsOfCast({ coordinator, specialists }: Cast): string[] {
  return [...new Set([coordinator, ...Object.values(specialists)].map(({ model }) => model))];
}

function best(able: readonly AvailableModel[], capability?: string): Player {
  const rank = ({ resident, capabilities }: AvailableModel): number =>
    (resident ? 2 : 0) + (capability !== undefined && capabilities.includes(capability) ? 1 : 0);
  const byRank = (a: AvailableModel, b: AvailableModel): number => rank(b) - rank(a) || b.sizeBytes - a.sizeBytes;
  return playerOf(able.toSorted(byRank)[0]!);
}
