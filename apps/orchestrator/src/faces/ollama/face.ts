import { errorBody } from '@tutti/dialects/ollama';
import type { Face } from '../face.ts';
import { ollamaRoutes } from './docs/routes.ts';
import { ollamaShapes } from './docs/shapes.ts';
import { ollamaModelsFace } from './models.ts';
import { ollamaFace } from './ollama.ts';

export const ollama: Face = {
  errors: { kind: 'Ollama', render: errorBody },
  serve(app, { models, ...parts }) {
    ollamaFace(app, parts);
    ollamaModelsFace(app, { ...parts, models, modelOf: parts.aliases.modelOf });
  },
  tag: { name: 'Ollama', description: "Ollama's API, for its clients: `OLLAMA_HOST` is this server." },
  routes: ollamaRoutes,
  shapes: ollamaShapes,
};
