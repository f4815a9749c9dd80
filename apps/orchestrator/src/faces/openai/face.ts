import { errorBody } from '@tutti/dialects/openai';
import type { Face } from '../face.ts';
import { openaiRoutes } from './docs/routes.ts';
import { openaiShapes } from './docs/shapes.ts';
import { openaiFace } from './openai.ts';

export const openai: Face = {
  errors: { kind: 'Openai', render: errorBody },
  serve: openaiFace,
  tag: { name: 'OpenAI', description: "OpenAI's API, for its clients: base URL `/v1`." },
  routes: openaiRoutes,
  shapes: openaiShapes,
};
