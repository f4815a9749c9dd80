import { z } from 'zod';
import { conversationOf, needsOf } from '../conversation.ts';
import type { JsonObject } from '../json.ts';
import { chooseMembers, chooseModel, nearEqual } from '../members.ts';
import type { AvailableModel } from '../pattern.ts';
import type { Turn } from '../question.ts';
import { readBody, refusedField } from '../read-body.ts';
import type { Voter } from './ballots.ts';
import { answerKinds, type AnswerKind } from './closed-answer.ts';
import type { Sampled } from './confidence.ts';
import { weigh, type Weighed } from './weights.ts';

export const strategies = ['vote', 'best-of', 'synthesis', 'auto'] as const;

export type Strategy = (typeof strategies)[number];

/** A model that answers, and how often. */
export type Member = Weighed & { readonly samples: number };

/** Who compares answers, or writes one of them. */
export type Judge = {
  readonly model: string;
  /** Tokens; 0: unknown. */
  readonly contextLength: number;
};

/** An ensemble as its journal has it. */
export type EnsembleInput = {
  readonly messages: readonly Turn[];
  readonly members: readonly Member[];
  readonly judge: Judge;
  readonly strategy: Strategy;
  readonly answerKind?: AnswerKind;
  /** Share of the votes from which on it is a consensus. */
  readonly consensusThreshold: number;
  readonly stop: 'exact' | 'beta' | 'none';
  /** Whether the model that agrees most with itself wins. */
  readonly comparesModels: boolean;
  readonly maxTokens: number;
  readonly warnings: readonly string[];
};

/** One answer that is asked for. */
export interface Seat extends Voter {
  readonly model: string;
  /** Makes the samples of one model differ. */
  readonly seed: number;
}

const mostAnswers = 64;

const fields = z.object({
  models: z.array(z.string().min(1)).max(16).default([]),
  ensembleSize: z.int().min(1).max(16).optional(),
  consensusThreshold: z.number().min(0).max(1).default(0.7),
  strategy: z.enum(strategies).default('auto'),
  samples: z.int().min(1).max(16).default(1),
  answerKind: z.enum(answerKinds).exactOptional(),
  stop: z.enum(['exact', 'beta', 'none']).default('exact'),
  weights: z.record(z.string(), z.number().min(0).max(1)).default({}),
  maxTokens: z.int().min(1).max(100_000).default(1_024),
});

export function ensembleInput(body: JsonObject, models: readonly AvailableModel[]): EnsembleInput {
  const { models: wanted, ensembleSize, samples, weights, ...rest } = readBody(fields, body);
  const messages = conversationOf(body);
  const needs = needsOf(messages);
  const count = ensembleSize ?? (wanted.length > 0 ? wanted.length : 3);
  if (count < wanted.length) throw refusedField('ensembleSize', `it is ${count} for ${wanted.length} models.`);
  if (count * samples > mostAnswers) {
    throw refusedField('samples', `${count} members with ${samples} samples are more than ${mostAnswers} answers.`);
  }
  const chosen = chooseMembers(models, { wanted, count, needs });
  const distinct = [...new Set(chosen.members)];
  const members = weigh(distinct, weights).map((weighed, index) => {
    const times = chosen.members.filter((member) => member === distinct[index]).length;
    return { ...weighed, samples: times * samples };
  });
  const strategy = rest.strategy === 'auto' && rest.answerKind ? 'vote' : rest.strategy;
  const judge = judgeOf(models, distinct, needs);
  const comparesModels = samples > 1 && members.length > 1;
  return { ...rest, messages, members, judge, strategy, comparesModels, warnings: chosen.warnings };
}

/** The answers that are asked for: the first of each model, then the second of each. The earlier breaks a tie. */
export function seatsOf(members: readonly Member[]): readonly Seat[] {
  const most = Math.max(...members.map(({ samples }) => samples));
  return Array.from({ length: most }, (_, sample) => members.filter(({ samples }) => samples > sample))
    .flatMap((asked, sample) => asked.map(({ model, weight }) => ({ model, weight, seed: sample + 1 })))
    .map((seat, rank) => ({ ...seat, rank }));
}

/** The samples of each model. */
export function sampledOf(members: readonly Member[], seats: readonly Seat[]): readonly Sampled[] {
  return members.map(({ model, sizeBytes }) => ({
    sizeBytes,
    ranks: seats.filter((seat) => seat.model === model).map(({ rank }) => rank),
  }));
}

/** A model that is no candidate, if there is one that is not much smaller than they are; else the largest of them. */
function judgeOf(
  models: readonly AvailableModel[],
  members: readonly AvailableModel[],
  needs: readonly string[],
): Judge {
  const largest = members.reduce((a, b) => (b.sizeBytes > a.sizeBytes ? b : a));
  const able = models.filter((model) => {
    if (members.includes(model) || model.sizeBytes * nearEqual < largest.sizeBytes) return false;
    return ['completion', ...needs].every((need) => model.capabilities.includes(need));
  });
  const { name, contextLength } = able.length > 0 ? chooseModel(able) : largest;
  return { model: name, contextLength };
}
