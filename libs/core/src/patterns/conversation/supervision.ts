import { z } from 'zod';
import { roles, type Role } from '../maestro/cast.ts';

/** A part of a turn, for one specialist. */
export type PlannedStep = { readonly specialist: Role; readonly instruction: string };

/** Steps of a turn that come to something. */
export const mostSteps = 4;

const specialist = z.enum([...roles, 'analyzer']).transform((name): Role => (name === 'analyzer' ? 'reasoning' : name));

/** What the supervisor answers. No steps: the coordinator answers by itself. */
export const stepsShape = z.object({
  steps: z.array(z.object({ specialist, instruction: z.string().trim().min(1).max(600) })).max(mostSteps),
});
