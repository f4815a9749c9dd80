import { scriptedModels, type ScriptedModel, type SyntheticQuestion } from '@tutti/testing';
import type { JsonObject, PatternName } from '@tutti/core/patterns';
import { createStage, modelNamed, type Played } from './run-pattern.ts';

/** What is asked of a pattern beside the question. */
export interface Contender {
  readonly name: string;
  readonly pattern: PatternName;
  readonly body: JsonObject;
}

/** A scripted model that the cluster has; `sizeBytes` by default as that of all others. */
export type CastModel = ScriptedModel & { readonly sizeBytes?: number };

interface Options {
  readonly contender: Contender;
  readonly cast: readonly CastModel[];
  readonly questions: readonly SyntheticQuestion[];
  readonly seed: number;
  /** Calls that run at a time; the others wait. Default: all. */
  readonly slots?: number | undefined;
}

/** How a pattern did with each of some questions. */
export interface Outcome {
  readonly played: Played;
  readonly isRight: boolean;
}

/** Lets a pattern answer questions, one after the other. */
export async function answered({ contender, cast, questions, seed, slots }: Options): Promise<readonly Outcome[]> {
  const { clock, play } = createStage();
  const generate = scriptedModels({ models: cast, questions, seed, clock, slots });
  const models = cast.map(({ name, sizeBytes }) => modelNamed(name, sizeBytes));
  const outcomes: Outcome[] = [];
  for (const { text, answer } of questions) {
    const { pattern, body } = contender;
    const played = await play({ pattern, body: { ...body, query: text }, models, generate });
    outcomes.push({ played, isRight: finalAnswer(played) === answer });
  }
  return outcomes;
}

/** The last number of a run's text. A debate that nobody won names several, and has answered nothing. */
function finalAnswer({ end: { result } }: Played): string | undefined {
  if (result?.['decidedBy'] === 'nobody') return undefined;
  return result?.text.match(/\d+/g)?.at(-1);
}

/** Calls and generated tokens of each question, on average. */
export function costOf(outcomes: readonly Outcome[]): { readonly calls: number; readonly tokens: number } {
  const mean = (read: (outcome: Outcome) => number) =>
    outcomes.reduce((sum, outcome) => sum + read(outcome), 0) / outcomes.length;
  return {
    calls: mean(({ played }) => played.end.spent.calls),
    tokens: mean(({ played }) => played.end.spent.outputTokens),
  };
}

/** Models of one kind: m1, m2, ... */
export function alike(count: number, model: Omit<ScriptedModel, 'name'>): CastModel[] {
  return Array.from({ length: count }, (_, index) => ({ ...model, name: `m${index + 1}` }));
}

export function namesOf(models: readonly CastModel[]): string[] {
  return models.map(({ name }) => name);
}
