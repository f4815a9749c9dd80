import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { backends, chooseBackend, createNode, hardwareProbe } from '@tutti/backends';
import { pause, type ClusterError } from '@tutti/core';
import { Health } from '@tutti/proto/grpc/health/v1/health';
import { ServerReflection } from '@tutti/proto/grpc/reflection/v1/reflection';
import { AgentService } from '@tutti/proto/tutti/agent/v1/agent';
import type { Dispatch } from '@tutti/proto/tutti/agent/v1/dispatch';
import { ModelService } from '@tutti/proto/tutti/agent/v1/model';
import { RegistryService } from '@tutti/proto/tutti/agent/v1/registry';
import {
  addService,
  createChannel,
  createClient,
  createHealth,
  createReflection,
  createServer,
  listen,
} from '@tutti/rpc';
import {
  announceReady,
  createShutdown,
  runProgram,
  shutDownOnSignals,
  systemClock as clock,
  version,
  tellParent,
} from '@tutti/runtime';
import { createLog } from '@tutti/runtime/log';
import { readConfig } from './config.ts';
import { readNodeId } from './identity.ts';
import { createRegistration } from './registration.ts';

/** Of the short calls to an orchestrator. */
const registryDeadlineMs = 5_000;

/** Once every call is over, its last words get so long to leave. */
const flushMs = 2_000;

async function main(): Promise<void> {
  const config = readConfig(process.argv.slice(2), process.env);
  const log = createLog({ service: 'agent', level: config.logLevel });
  const shutdown = createShutdown({ onError: (part, error) => log.error('not closed', { part, error }) });
  shutDownOnSignals(shutdown);
  const keepalive = { keepaliveMs: config.keepaliveMs, keepaliveTimeoutMs: config.keepaliveTimeoutMs };
  const bootId = randomUUID();
  const nodeId = await readNodeId(config.dataFolder);

  const narrator = {
    notice(sentence: string): void {
      log.warn(sentence);
      tellParent({ notice: sentence });
    },
    progress: (progress: object) => tellParent({ progress }),
  };
  const stopped = new AbortController();
  const wanted = { ...config, clock };
  const search = async () => {
    if (config.backend !== 'auto') return { kind: config.backend, settings: wanted };
    const modelFolder = join(config.cacheFolder, 'models');
    return chooseBackend({ settings: wanted, modelFolder, narrator, clock, signal: stopped.signal });
  };
  const searching = search();
  shutdown.add('search', async () => {
    stopped.abort();
    await searching.catch(() => {});
  });
  const { kind, settings } = await searching;
  const backend = await backends[kind](settings);
  shutdown.add('backend', () => backend.close());

  const limits = { total: config.queueConcurrency, perRunner: config.ollamaNumParallel };
  const standing = {
    check: (dispatch: Dispatch) => registration.check(dispatch),
    nudge: (owner: string) => registration.nudge(owner),
  };
  const node = await createNode({ backend, limits, hardware: hardwareProbe(), bootId, standing, clock });

  const health = createHealth();
  const server = createServer(keepalive);
  const http = (_: IncomingMessage, response: ServerResponse): void => void response.end('{"status":"ok"}\n');
  const { port, close, destroy } = await listen({ server, http, host: config.host, port: config.port });
  shutdown.add('server', async () => {
    const stop = clock.after(flushMs, destroy);
    await close();
    stop();
  });
  shutdown.add('feed', () => node.feed.close());
  shutdown.add('health', () => health.shutdown());

  const identity = { nodeId, bootId, name: config.name, address: `:${port}` };
  const channels = config.orchestrators.map((address) => createChannel(address, keepalive));
  const registries = channels.map((channel) =>
    createClient(channel, RegistryService, { deadlineMs: registryDeadlineMs }),
  );
  const registration = createRegistration({ identity, agentVersion: version, registries, clock, log });
  shutdown.add('channels', () => channels.forEach((channel) => channel.close()));
  shutdown.add('registration', () => registration.close());
  shutdown.add('calls', async () => {
    node.feed.drain();
    const idle = new AbortController();
    void node.idle().then(() => idle.abort());
    await pause(clock, config.shutdownGraceMs, idle.signal);
  });

  const onError = (error: ClusterError, method: string): void => {
    if (error.reason !== 'no_slot')
      log.warn('call failed', { method, reason: error.reason, error: error.message, cause: error.cause });
  };
  addService(server, AgentService, node.agent, { onError });
  addService(server, ModelService, node.models, { onError });
  addService(server, Health, health.implementation);
  addService(server, ServerReflection, createReflection([AgentService, ModelService, Health]));

  log.info('serving', { name: config.name, port, backend: kind });
  announceReady({ port, version, backend: kind });
}

await runProgram(main);
