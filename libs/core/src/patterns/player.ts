import type { AvailableModel } from './pattern.ts';
import type { Question } from './question.ts';

/** A model in a part. */
export type Player = {
  readonly model: string;
  /** Whether it reasons before it answers unless told not to. */
  readonly thinks: boolean;
};

export function playerOf({ name, capabilities }: AvailableModel): Player {
  return { model: name, thinks: capabilities.includes('thinking') };
}

/** Asks a player for a short answer in a form, for which it need not think aloud. */
export function briefly({ model, thinks }: Player): Pick<Question, 'model' | 'think'> {
  return { model, ...(thinks && { think: 'false' }) };
}
