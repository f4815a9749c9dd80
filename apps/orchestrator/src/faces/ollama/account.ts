import type { FastifyInstance } from 'fastify';
import { ClusterError } from '@tutti/core';
import { Permission } from '@tutti/proto/tutti/v1/options';

const view = { config: { permission: Permission.VIEW } };

/** Ollama's routes about an account in Ollama's cloud, which a cluster never has: its programs then offer no models of that cloud. */
export function ollamaAccount(app: FastifyInstance): void {
  app.get('/api/status', view, async () => ({ cloud: { disabled: true, source: 'config' } }));

  const refused = async (): Promise<never> => {
    throw new ClusterError(
      'not_implemented',
      'A cluster has no account at ollama.com: nobody can sign in or out. Sign in at the Ollama of a node, and its cloud models are listed here.',
    );
  };
  app.post('/api/me', view, refused);
  app.post('/api/signout', view, refused);
  app.delete('/api/user/keys/:key', view, refused);
}
