import { z } from 'zod';
import { conversationOf, needsOf } from '../conversation.ts';
import type { JsonObject } from '../json.ts';
import { canChat, chooseMembers, chooseModel } from '../members.ts';
import type { AvailableModel } from '../pattern.ts';
import type { Turn } from '../question.ts';
import { readBody } from '../read-body.ts';

/** A cascade as its journal has it. */
export type AutoInput = {
  readonly messages: readonly Turn[];
  /** Who is asked first. */
  readonly small: string;
  /** How often. */
  readonly samples: number;
  /** Who is asked when the samples differ, then those who vote with it; none: the cluster has nothing larger. */
  readonly larger: readonly string[];
  readonly maxTokens: number;
};

const largerOnes = 3;

const fields = z.object({
  models: z.array(z.string().min(1)).max(16).default([]),
  samples: z.int().min(2).max(8).default(3),
  maxTokens: z.int().min(1).max(100_000).default(1_024),
});

export function autoInput(body: JsonObject, models: readonly AvailableModel[]): AutoInput {
  const { models: wanted, samples, maxTokens } = readBody(fields, body);
  const messages = conversationOf(body);
  const needs = needsOf(messages);
  const able = wanted.length > 0 ? chooseMembers(models, { wanted, needs }).members : models;
  const small = chooseModel(able, { size: 'smallest', needs });
  const others = able.filter(
    (model) => model.name !== small.name && model.sizeBytes >= small.sizeBytes && canChat(model, needs),
  );
  const team = others.length > 0 ? chooseMembers(others, { count: largerOnes, needs }).members : [];
  return { messages, small: small.name, samples, larger: [...new Set(team.map(({ name }) => name))], maxTokens };
}
