import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createClient } from '@connectrpc/connect';
import { connectNodeAdapter, createGrpcTransport } from '@connectrpc/connect-node';
import { RegistryService } from '@tutti/proto/tutti/agent/v1/registry';
import { startFaultProxy, type FaultProxy } from '@tutti/testing';
import type { Orchestrator } from './processes.ts';

/** Where an agent registers, so that its orchestrator dials it through a proxy. */
export interface RelayedRegistry {
  /** As an orchestrator's facts, for `startAgent`. */
  readonly facts: { readonly port: number; readonly grpcPort: number };
  /** Between the orchestrator and the agent; undefined until the agent has registered. */
  readonly proxy: FaultProxy | undefined;
  close(): Promise<void>;
}

/** Passes on what one agent asks the orchestrator, with the address of a proxy in place of its own. */
export async function startRelayedRegistry({ facts }: Orchestrator): Promise<RelayedRegistry> {
  const baseUrl = `http://127.0.0.1:${facts.grpcPort}`;
  const registry = createClient(RegistryService, createGrpcTransport({ baseUrl }));
  let proxy: FaultProxy | undefined;
  const server = createServer(
    connectNodeAdapter({
      routes: (router) =>
        router.service(RegistryService, {
          async register(request) {
            proxy ??= await startFaultProxy({ target: { host: '127.0.0.1', port: Number(request.address.slice(1)) } });
            return registry.register({ ...request, address: `${proxy.host}:${proxy.port}` });
          },
          heartbeat: (request) => registry.heartbeat(request),
          pushLogs: (request, { requestHeader }) =>
            registry.pushLogs(request, { headers: { 'tutti-node-id': requestHeader.get('tutti-node-id') ?? '' } }),
        }),
    }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    facts: { port: 0, grpcPort: (server.address() as AddressInfo).port },
    get proxy() {
      return proxy;
    },
    async close() {
      server.close();
      await proxy?.close();
    },
  };
}
