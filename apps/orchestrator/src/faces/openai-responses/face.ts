import type { Face } from '../face.ts';
import { openai } from '../openai/face.ts';
import { openaiResponsesRoutes } from './docs/routes.ts';
import { openaiResponsesShapes } from './docs/shapes.ts';
import { openaiResponsesFace } from './openai-responses.ts';

export const openaiResponses: Face = {
  errors: openai.errors,
  serve: (app, { responses, ...parts }) => openaiResponsesFace(app, { ...parts, documents: responses }),
  routes: openaiResponsesRoutes,
  shapes: openaiResponsesShapes,
};
