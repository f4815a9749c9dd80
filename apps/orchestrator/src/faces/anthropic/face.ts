import { errorBody } from '@tutti/dialects/anthropic';
import type { Face } from '../face.ts';
import { anthropicFace } from './anthropic.ts';
import { anthropicRoutes } from './docs/routes.ts';
import { anthropicShapes } from './docs/shapes.ts';

export const anthropic: Face = {
  errors: { kind: 'Anthropic', render: errorBody },
  requestIdHeader: 'request-id',
  serve: (app, { aliases, ...parts }) => anthropicFace(app, { ...parts, modelOf: aliases.modelOf }),
  tag: { name: 'Anthropic', description: "Anthropic's API, for its clients: `ANTHROPIC_BASE_URL` is this server." },
  routes: anthropicRoutes,
  shapes: anthropicShapes,
};
