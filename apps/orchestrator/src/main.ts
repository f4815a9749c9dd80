import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createCluster, dispatched, retried, ticketMachine } from '@tutti/core';
import { Health } from '@tutti/proto/grpc/health/v1/health';
import { ServerReflection } from '@tutti/proto/grpc/reflection/v1/reflection';
import { RegistryService } from '@tutti/proto/tutti/agent/v1/registry';
import { addService, createChannel, createHealth, createReflection, createServer, listen } from '@tutti/rpc';
import {
  announceReady,
  createShutdown,
  runProgram,
  shutDownOnSignals,
  systemClock as clock,
  version,
} from '@tutti/runtime';
import { createLog } from '@tutti/runtime/log';
import { readConfig } from './config.ts';
import { createDoor } from './door.ts';
import { createAnswer } from './faces/answer.ts';
import { healthFace } from './faces/health.ts';
import { createHttpServer } from './faces/http-server.ts';
import { ollamaFace } from './faces/ollama.ts';
import { openaiFace } from './faces/openai.ts';
import { createMembership } from './membership.ts';

async function main(): Promise<void> {
  const config = readConfig(process.argv.slice(2), process.env);
  const log = createLog({ service: 'orchestrator', level: config.logLevel });
  const shutdown = createShutdown({ onError: (part, error) => log.error('not closed', { part, error }) });

  const keepalive = { keepaliveMs: config.keepaliveMs, keepaliveTimeoutMs: config.keepaliveTimeoutMs };
  const cluster = createCluster({ clock });
  const connect = (address: string) => createChannel(address, keepalive);
  const membership = createMembership({ orchestratorId: randomUUID(), cluster, clock, log, connect });
  shutdown.add('membership', () => membership.close());

  const health = createHealth();
  const server = createServer(keepalive);
  addService(server, RegistryService, membership.registry);
  addService(server, Health, health.implementation);
  addService(server, ServerReflection, createReflection([RegistryService, Health]));
  const agents = await listen({ server, http: refuseHttp, host: config.host, port: config.grpcPort });
  shutdown.add('agents', () => agents.destroy());
  shutdown.add('health', () => health.shutdown());

  const door = createDoor({ clock, waiting: () => cluster.waiting, queueSize: config.queueSize });
  const generate = retried({ clock, random: Math.random }, dispatched(cluster));
  const answer = createAnswer({ generate, clock, nextTicket: ticketMachine(), enter: door.enter });

  const app = createHttpServer({ log });
  ollamaFace(app, { answer, cluster, membership, clock, version });
  openaiFace(app, { answer, cluster, clock });
  healthFace(app, { cluster, stopping: () => door.stopping });
  await app.listen({ host: config.host, port: config.port });
  shutdown.add('http', () => app.close());
  shutdown.add('requests', () => door.close(config.shutdownGraceMs));

  shutDownOnSignals(shutdown);
  const { port } = app.server.address() as AddressInfo;
  log.info('serving', { port, grpcPort: agents.port });
  announceReady({ port, grpcPort: agents.port, version });
}

/** The agents' port speaks gRPC only. */
function refuseHttp(_: unknown, response: ServerResponse): void {
  response
    .writeHead(404, { 'content-type': 'text/plain' })
    .end('This port is for agents. Clients use the other one.\n');
}

await runProgram(main);
