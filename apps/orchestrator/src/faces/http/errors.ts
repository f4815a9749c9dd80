import type { ClusterError } from '@tutti/core';
import type { Face } from '../face.ts';
import { faces, type FaceName } from '../faces.ts';
import { json } from './content-types.ts';
import { problem } from './problem.ts';

/** In whose words a path speaks. `problem`: RFC 9457, which is ours. */
export type Dialect = FaceName | 'problem';

interface RenderedError {
  readonly status: number;
  readonly body: string;
  readonly contentType: string;
}

/** The face whose words they are; undefined: they are our own. */
export function faceOf(dialect: Dialect): Face | undefined {
  return dialect === 'problem' ? undefined : faces[dialect];
}

export function renderError(dialect: Dialect, error: ClusterError, requestId: string): RenderedError {
  const face = faceOf(dialect);
  if (face) return { ...face.errors.render(error, requestId), contentType: json };
  return { status: error.http, body: problem(error, requestId), contentType: 'application/problem+json' };
}
