import type { FastifyReply } from 'fastify';

/** Aborted when the client leaves before it has all of its answer. */
export function whileConnected({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  if (raw.closed) gone.abort();
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort();
  });
  return gone.signal;
}
