import type { FastifyInstance } from 'fastify';
import { ClusterError } from '@tutti/core';
import { Permission } from '@tutti/proto/tutti/v1/options';

/** OpenAI's routes that nothing here can serve, and what they are for. */
const unbuilt = [
  ['POST', '/v1/audio/transcriptions', 'Turning speech into text'],
  ['POST', '/v1/audio/speech', 'Turning text into speech'],
  ['GET', '/v1/audio/voices', 'Turning text into speech'],
  ['GET', '/v1/audio/models', 'Turning text into speech'],
  ['POST', '/v1/images/generations', 'Making images'],
] as const;

/** Tells clients of what is not there, so that they can say so; a 404 would look like a wrong address. */
export function openaiUnbuilt(app: FastifyInstance): void {
  // Forms and files are read to their end and thrown away: the client is to hear the answer.
  void app.register(async (routes) => {
    routes.removeAllContentTypeParsers();
    routes.addContentTypeParser('*', (_, payload, done) => {
      payload.on('end', () => done(null)).on('error', done);
      payload.resume();
    });
    for (const [method, url, what] of unbuilt) {
      routes.route({
        ...{ method, url, config: { permission: method === 'GET' ? Permission.VIEW : Permission.INFER } },
        handler: async () => {
          throw new ClusterError('not_implemented', `${what} is not built in yet: ${method} ${url} does nothing.`);
        },
      });
    }
  });
}
