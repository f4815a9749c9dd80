import type { DescService } from '@bufbuild/protobuf';
import { ClusterError } from '@tutti/core';
import { addService, createChannel, createClient, createServer, listen, type Implementation } from '@tutti/rpc';
import { onTestFinished } from 'vitest';

/** A client of gRPC. */
export async function serveGrpc<S extends DescService>(service: S, implementation: Implementation<S>) {
  const server = createServer();
  addService(server, service, implementation);
  const listening = await listen({ server, http: () => {}, host: '127.0.0.1', port: 0 });
  const channel = createChannel(`127.0.0.1:${listening.port}`);
  onTestFinished(() => (channel.close(), listening.destroy()));
  return createClient(channel, service, { deadlineMs: 10_000 });
}

/** The repository, which does not answer while it is away. */
export function through<R extends object>(repository: R, state: { readonly away: boolean }): R {
  const reached = Object.entries(repository).map(([name, method]) => [
    name,
    async (...args: readonly unknown[]) => {
      if (state.away) throw new ClusterError('storage_unavailable', 'The store does not answer.');
      return (method as (...args: readonly unknown[]) => unknown)(...args);
    },
  ]);
  return Object.fromEntries(reached) as R;
}
