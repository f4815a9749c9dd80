import { gzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';

/** Below this, packing costs more than it saves. */
const leastBytes = 1_024;

/**
 * Packs what is large and read as a whole: lists and descriptions, by GET. Never the answer to a call: of a stream each
 * piece must go out at once, and vectors hardly shrink.
 */
export function compressLists(app: FastifyInstance): void {
  app.addHook('onSend', ({ method, headers }, reply, payload, done) => {
    const type = String(reply.getHeader('content-type'));
    const isList = (method === 'GET' || method === 'HEAD') && /[/+](?:json|yaml)\b/.test(type);
    if (!isList || typeof payload !== 'string' || payload.length < leastBytes) return done();
    reply.header('vary', [reply.getHeader('vary'), 'accept-encoding'].filter(Boolean).join(', '));
    if (!takesGzip(headers['accept-encoding'])) return done();
    gzip(payload, (error, packed) => {
      if (error) return done(null, payload);
      reply.header('content-encoding', 'gzip').header('content-length', packed.byteLength);
      done(null, packed);
    });
  });
}

/** Whether an Accept-Encoding has gzip with a weight over 0, by its name or by "*". */
function takesGzip(accepted = ''): boolean {
  const weights = accepted.split(',').map((part) => {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    const weight = parameters.find((text) => text.startsWith('q='))?.slice(2) ?? '1';
    return [name, Number(weight)] as const;
  });
  const byName = new Map(weights);
  return (byName.get('gzip') ?? byName.get('*') ?? 0) > 0;
}
