import type { Question } from '../question.ts';
import { anthropicQuestions } from './anthropic.ts';
import { chatQuestions } from './chat.ts';
import { embedQuestions } from './embed.ts';
import { generateQuestions } from './generate.ts';
import { openaiQuestions } from './openai.ts';
import { modelQuestions, routeQuestions } from './routes.ts';

/** All that is asked, in its order. */
export const questions: readonly Question[] = [
  ...routeQuestions,
  ...chatQuestions,
  ...generateQuestions,
  ...embedQuestions,
  ...openaiQuestions,
  ...anthropicQuestions,
  ...modelQuestions,
];
