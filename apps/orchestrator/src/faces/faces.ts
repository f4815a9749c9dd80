import { anthropic } from './anthropic/face.ts';
import type { Face } from './face.ts';
import { ollama } from './ollama/face.ts';
import { openaiResponses } from './openai-responses/face.ts';
import { openai } from './openai/face.ts';

/** Every dialect that clients may speak here, by its name. */
export const faces = {
  ollama,
  openai,
  'openai-responses': openaiResponses,
  anthropic,
} as const satisfies Record<string, Face>;

export type FaceName = keyof typeof faces;
