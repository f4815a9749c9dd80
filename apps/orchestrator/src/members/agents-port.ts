import type { ServerResponse } from 'node:http';
import type { DescService } from '@bufbuild/protobuf';
import type { ClusterError, Clock } from '@tutti/core';
import { Health } from '@tutti/proto/grpc/health/v1/health';
import { ServerReflection } from '@tutti/proto/grpc/reflection/v1/reflection';
import { RegistryService } from '@tutti/proto/tutti/agent/v1/registry';
import {
  addService,
  createHealth,
  createReflection,
  createServer,
  listen,
  type Authorize,
  type Implementation,
  type Keepalive,
  type Listening,
} from '@tutti/rpc';
import type { Shutdown } from '@tutti/runtime';
import type { Log } from '@tutti/runtime/log';
import type { Trust } from '../access/trust.ts';

/** The port where agents come, and whoever speaks gRPC. */
export interface AgentsPort {
  /** Serves one of our public services to whoever may come. */
  serve<S extends DescService>(service: S, implementation: Implementation<S>): void;
  open(registry: Implementation<typeof RegistryService>): Promise<void>;
  /** The port once it is open. */
  readonly port: number;
  /** Ends every connection of a node now. */
  disconnect(nodeId: string): void;
}

interface Options {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly keepalive: Keepalive;
  /** Undefined: plaintext, within this machine. */
  readonly trust: Trust | undefined;
  readonly isRemoved: (nodeId: string) => boolean;
  readonly authorize: Authorize;
  readonly clock: Clock;
  readonly log: Log;
}

/** Whoever comes without a certificate can make us keep so much, and no more. A push of log lines is the largest. */
const mostCalls = 100;
const largestMessageBytes = 2 ** 20;

/** Agents are known by their certificates, all others by their keys; what says neither is refused. */
export function createAgentsPort(options: Options, shutdown: Shutdown): AgentsPort {
  const { host, keepalive, trust, isRemoved, authorize, clock, log } = options;
  const server = createServer(keepalive, { mostCalls, largestMessageBytes });
  const health = createHealth();
  const served: DescService[] = [RegistryService, Health];
  let listening: Listening | undefined;
  const onError = (error: ClusterError, method: string): void => {
    if (error.reason === 'internal') log.error('call failed', { method, cause: error.cause });
  };

  const tls = trust && {
    credentials: trust.credentials,
    clock,
    isRevoked: ({ kind, id }: { kind: string; id: string }) => kind === 'node' && isRemoved(id),
    onRefused: (refusal: object) => void log.warn('connection refused', refusal),
  };

  return {
    serve(service, implementation) {
      addService(server, service, implementation, { identity: 'none', authorize, onError });
      served.push(service);
    },
    async open(registry) {
      addService(server, RegistryService, registry, {
        onError,
        identity: ({ localName }) => (localName === 'join' ? 'none' : 'node'),
      });
      addService(server, Health, health.implementation, { identity: 'none' });
      addService(server, ServerReflection, createReflection(served), { identity: 'none' });
      const opened = await listen({ server, http: refuseHttp, host, port: options.port, ...(tls && { tls }) });
      listening = opened;
      trust?.onRenewed((credentials) => opened.setCredentials(credentials));
      shutdown.add('agents', () => opened.destroy());
      shutdown.add('health', () => health.shutdown());
    },
    get port() {
      return listening?.port ?? options.port;
    },
    disconnect: (nodeId) => listening?.disconnect(nodeId),
  };
}

function refuseHttp(_: unknown, response: ServerResponse): void {
  response
    .writeHead(404, { 'content-type': 'text/plain' })
    .end('This port is for agents. Clients use the other one.\n');
}
