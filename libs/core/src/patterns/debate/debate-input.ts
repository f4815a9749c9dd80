import { z } from 'zod';
import { conversationOf, needsOf } from '../conversation.ts';
import type { JsonObject } from '../json.ts';
import { canChat, chooseMembers, chooseModel } from '../members.ts';
import type { AvailableModel } from '../pattern.ts';
import { playerOf, type Player } from '../player.ts';
import type { Turn } from '../question.ts';
import { readBody, refusedField } from '../read-body.ts';

/** One who takes part; its place in the list tells it from others of the same model. */
export type Member = Player & {
  /** Of its vote. */
  readonly weight: number;
};

export type DebateInput = {
  readonly turns: readonly Turn[];
  readonly members: readonly Member[];
  /** Decides what votes cannot; it takes no part otherwise. */
  readonly judge?: Player;
  /** Rounds after the first answers, at most. */
  readonly rounds: number;
  readonly warnings: readonly string[];
};

const mostMembers = 9;

const fields = z.object({
  models: z.array(z.string().min(1)).max(mostMembers).default([]),
  memberCount: z.int().min(2).max(mostMembers).exactOptional(),
  weights: z.array(z.number().positive().max(1_000)).max(mostMembers).exactOptional(),
  judge: z.string().min(1).exactOptional(),
  debateRounds: z.int().min(0).max(5).default(2),
});

/** Reads what a client sent, and chooses members and a judge where it does not name them. */
export function debateInputOf(body: JsonObject, models: readonly AvailableModel[]): DebateInput {
  const { models: wanted, memberCount, weights, judge, debateRounds: rounds } = readBody(fields, body);
  const count = memberCount ?? (wanted.length > 1 ? wanted.length : 3);
  if (count < wanted.length) throw refusedField('memberCount', `${count}, but ${wanted.length} models are named.`);
  if (weights && weights.length !== count) {
    throw refusedField('weights', `${weights.length} for ${count} members; give one for each.`);
  }
  const turns = conversationOf(body);
  const needs = needsOf(turns);
  const { members, warnings } = chooseMembers(models, { wanted, count, needs });
  const chosen = judgeOf(models, members, judge, needs);
  return {
    turns,
    members: members.map((model, index) => ({ ...playerOf(model), weight: weights?.[index] ?? 1 })),
    ...(chosen && { judge: playerOf(chosen) }),
    rounds,
    warnings,
  };
}

/** A model that takes no part, of a family that takes none if there is such a one. */
function judgeOf(
  models: readonly AvailableModel[],
  members: readonly AvailableModel[],
  wanted: string | undefined,
  needs: readonly string[],
): AvailableModel | undefined {
  if (wanted !== undefined) {
    const judge = chooseModel(models, { wanted: [wanted], needs });
    if (members.includes(judge)) throw refusedField('judge', `${wanted} takes part in the debate.`);
    return judge;
  }
  const free = models.filter((model) => !members.includes(model) && canChat(model, needs));
  const strangers = free.filter(({ family }) => members.every((member) => member.family !== family));
  const able = strangers.length > 0 ? strangers : free;
  return able.length > 0 ? chooseModel(able, { needs }) : undefined;
}
