import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ClusterError } from '@tutti/core';

/** Makes every body a text, whatever its Content-Type says. */
export function takeText(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (request, body, done) => {
    const refusal = refusalOf(body, request.headers['content-encoding']);
    if (refusal) done(refusal);
    else done(null, body.toString('utf8'));
  });
}

function refusalOf(body: Buffer, encoding: string | undefined): ClusterError | undefined {
  if (encoding && encoding !== 'identity') {
    const message = `Content-Encoding "${encoding}" is not supported; send the body as it is.`;
    return new ClusterError('unsupported_media', message);
  }
  return isUtf8(body) ? undefined : new ClusterError('malformed_json', 'The request body is not valid UTF-8.');
}

/** The request's body as text; "" if there is none. */
export function bodyOf(request: FastifyRequest): string {
  return typeof request.body === 'string' ? request.body : '';
}
