import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ClusterError } from '@tutti/core';
import { parseJson } from '@tutti/dialects/json';
import { Permission } from '@tutti/proto/tutti/v1/options';
import type { Authenticate } from '../../access/authenticate.ts';
import { credentialsOf } from '../../access/guard.ts';
import { noSessionCookie, readSessionCookie, sessionCookie } from '../../access/session-cookie.ts';
import { sessionMs, type Sessions } from '../../access/sessions.ts';
import { bodyOf } from './body.ts';

interface Options {
  readonly exposed: boolean;
  readonly authenticate: Authenticate;
  readonly sessions: Sessions;
}

/** Anybody may send it: a key, and no more. */
const longestBody = 1_024;

/** `/api/session`: a browser shows a key once, in a header or the body, and then its pages open by cookie. */
export function sessionFace(app: FastifyInstance, { exposed, authenticate, sessions }: Options): void {
  const options = { config: { permission: Permission.PUBLIC, dialect: 'problem' }, bodyLimit: longestBody } as const;

  app.post('/api/session', options, async (request, reply) => {
    const { apiKey = keyIn(bodyOf(request)), ...shown } = credentialsOf(request);
    // Whoever signs in anew is who the key says, not who an earlier cookie said.
    const { id, name, role } = authenticate({ ...shown, apiKey, session: undefined });
    if (!exposed) return { name, role };
    endSession(request);
    reply.header('set-cookie', sessionCookie(sessions.open(id), request.protocol === 'https'));
    return { name, role, expiresInMs: sessionMs };
  });

  app.delete('/api/session', options, async (request, reply) => {
    endSession(request);
    return reply
      .code(204)
      .header('set-cookie', noSessionCookie(request.protocol === 'https'))
      .send();
  });

  function endSession({ headers }: FastifyRequest): void {
    const session = readSessionCookie(headers.cookie);
    if (session !== undefined) sessions.close(session);
  }
}

const shape = z.object({ key: z.string() });

function keyIn(body: string): string | undefined {
  if (body === '') return undefined;
  const { success, data } = shape.safeParse(parseJson(body));
  if (success) return data.key;
  throw new ClusterError('invalid_request', 'The body must be {"key": "…"}.', { param: 'key' });
}
