import { auto } from './auto.ts';
import { debate } from './debate.ts';
import { decompose } from './decompose.ts';
import { ensemble } from './ensemble.ts';
import { maestro } from './maestro.ts';
import type { Pattern } from './pattern.ts';
import { single } from './single.ts';
import { workflow } from './workflow.ts';

/** Every pattern, by the name that clients call it. */
export const patterns = {
  auto,
  debate,
  decompose,
  ensemble,
  maestro,
  single,
  workflow,
} as const satisfies Record<string, Pattern>;

export type PatternName = keyof typeof patterns;
