import type { ClusterError } from '@tutti/core';
import type { ErrorWords, Face } from '../face.ts';
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

const problemWords: ErrorWords = {
  kind: 'Problem',
  contentType: 'application/problem+json',
  render: (error, requestId) => ({ status: error.http, body: problem(error, requestId) }),
};

/** The face whose words they are; undefined: they are our own. */
export function faceOf(dialect: Dialect): Face | undefined {
  return dialect === 'problem' ? undefined : faces[dialect];
}

export function errorWords(dialect: Dialect): ErrorWords {
  return faceOf(dialect)?.errors ?? problemWords;
}

export function renderError(dialect: Dialect, error: ClusterError, requestId: string): RenderedError {
  const { contentType = json, render } = errorWords(dialect);
  const { status, body } = render(error, requestId);
  return { status, body, contentType };
}
