import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { backends, chooseBackend, createNode, hardwareProbe } from '@tutti/backends';
import { ClusterError, pause, watched } from '@tutti/core';
import { Health } from '@tutti/proto/grpc/health/v1/health';
import { ServerReflection } from '@tutti/proto/grpc/reflection/v1/reflection';
import { AgentService } from '@tutti/proto/tutti/agent/v1/agent';
import type { Dispatch } from '@tutti/proto/tutti/agent/v1/dispatch';
import { ModelService } from '@tutti/proto/tutti/agent/v1/model';
import { RegistryService } from '@tutti/proto/tutti/agent/v1/registry';
import { addService, createClient, createHealth, createReflection, createServer, listen } from '@tutti/rpc';
import {
  announceReady,
  createShutdown,
  runProgram,
  shutDownOnSignals,
  systemClock as clock,
  version,
  tellParent,
} from '@tutti/runtime';
import { isLoopback } from '@tutti/runtime/config';
import { createLog, createLogWriter } from '@tutti/runtime/log';
import { createRegistry as createMetricsRegistry } from '@tutti/runtime/metrics';
import { openStore } from '@tutti/runtime/store';
import { openTracing } from '@tutti/runtime/tracing';
import { callsLogged } from './call-log.ts';
import { keepRenewed } from './certificate-renewal.ts';
import { enterCluster } from './cluster-entry.ts';
import { readConfig, serversOf, type Config } from './config.ts';
import { createHttp } from './http.ts';
import { createLogShipping } from './log-shipping.ts';
import { createAgentMetrics } from './metrics.ts';
import { createRegistration } from './registration.ts';

/** Of the short calls to an orchestrator. */
const registryDeadlineMs = 5_000;

/** Once every call is over, its last words get so long to leave. */
const flushMs = 2_000;

/** At the end, the log's last lines get so long to leave. */
const lastLinesMs = 2_000;

const dayMs = 24 * 60 * 60_000;

async function main(): Promise<void> {
  const config = readConfig(process.argv.slice(2), process.env);
  const { logging, mongodb } = config.settings.current;
  const consoleLog = createLog({ service: 'agent', node: config.name, level: config.logLevel });
  const shutdown = createShutdown({ onError: (part, error) => consoleLog.error('not closed', { part, error }) });
  shutDownOnSignals(shutdown);
  const stopped = new AbortController();
  shutdown.add('start', () => stopped.abort());

  // The way into the cluster.
  const keepalive = { keepaliveMs: config.keepaliveMs, keepaliveTimeoutMs: config.keepaliveTimeoutMs };
  const bootId = randomUUID();
  const { nodeId, orchestrators, identity, connect } = await enterCluster({
    dataFolder: config.dataFolder,
    name: config.name,
    orchestrators: config.orchestrators,
    join: config.join,
    token: () => readToken(config),
    keepalive,
    clock,
    log: consoleLog,
    onStep: (step) => tellParent({ step }),
    signal: stopped.signal,
  });
  const host = config.host ?? (identity ? '0.0.0.0' : '127.0.0.1');
  if (!identity && !isLoopback(host)) throw notJoined(host);
  const channels = orchestrators.map(connect);
  shutdown.add('channels', () => channels.forEach((channel) => channel.close()));
  const registries = channels.map((channel) =>
    createClient(channel, RegistryService, { deadlineMs: registryDeadlineMs }),
  );

  // The log goes where all logs are.
  const store = mongodb.uri
    ? await openStore({
        mongodbUri: mongodb.uri,
        mongodbDatabase: mongodb.database,
        file: '',
        logRetentionMs: logging.retentionDays * dayMs,
        clock,
      })
    : undefined;
  shutdown.add('store', () => store?.close());
  const append = store ? store.logs.append : createLogShipping({ registries, nodeId });
  const logWriter = createLogWriter({ append, clock, log: consoleLog });
  shutdown.add('log', () => logWriter.flush(lastLinesMs));
  const log = createLog({
    service: 'agent',
    node: config.name,
    level: config.logLevel,
    file: logging.file || undefined,
    sinks: [logWriter.write],
  });

  const narrator = {
    notice(sentence: string): void {
      log.warn(sentence);
      tellParent({ notice: sentence });
    },
    progress: (progress: object) => tellParent({ progress }),
  };
  const wanted = { ...config, ...serversOf(config), clock };
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

  const { queueConcurrency: total, ollamaNumParallel } = config;
  const limits = { total, perRunner: backend.slots === undefined ? ollamaNumParallel : Math.min(backend.slots, total) };
  const memoryLimits = { bytes: config.modelMemory, maxRunners: config.ollamaMaxLoadedModels };
  const metrics = createMetricsRegistry();
  const countCalls = createAgentMetrics({ registry: metrics, feed: () => node.feed, version, clock });
  const tracing = await openTracing({
    service: 'agent',
    provider: kind,
    version,
    env: process.env,
    onProblem: (problem) => void log.warn('tracing', { problem }),
  });
  shutdown.add('tracing', () => tracing.close());
  const standing = {
    check: (dispatch: Dispatch) => registration.check(dispatch),
    nudge: (owner: string) => registration.nudge(owner),
  };
  const node = await createNode({
    backend,
    limits,
    memory: memoryLimits,
    hardware: hardwareProbe(),
    bootId,
    standing,
    clock,
    around: (next) => watched(countCalls, tracing.traced('server', next)),
    inside: (next) => callsLogged(next, { log, clock }),
  });

  const health = createHealth();
  const server = createServer(keepalive);
  const { port, close, destroy, setCredentials } = await listen({
    server,
    http: createHttp({ metrics, exposed: identity !== undefined, metricsKeyFile: config.metricsKeyFile }),
    host,
    port: config.port,
    ...(identity && {
      tls: {
        credentials: identity.credentials(),
        clock,
        isRevoked: () => false,
        onRefused: ({ peer, reason }) => void log.warn('connection refused', { peer, reason }),
      },
    }),
  });
  shutdown.add('server', async () => {
    const stop = clock.after(flushMs, destroy);
    await close();
    stop();
  });
  shutdown.add('feed', () => node.feed.close());
  shutdown.add('health', () => health.shutdown());

  const registration = createRegistration({
    identity: { nodeId, bootId, name: config.name, address: `:${port}` },
    agentVersion: version,
    registries,
    clock,
    log,
    advice: identity ? undefined : 'if it serves other machines as well, join it with --join and --token',
  });
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
  addService(server, AgentService, node.agent, { onError, identity: 'orchestrator' });
  addService(server, ModelService, node.models, { onError, identity: 'orchestrator' });
  addService(server, Health, health.implementation, { identity: 'orchestrator' });
  addService(server, ServerReflection, createReflection([AgentService, ModelService, Health]), {
    identity: 'orchestrator',
  });
  if (identity) {
    const stop = keepRenewed({
      identity,
      registries,
      clock,
      log,
      onRenewed() {
        setCredentials(identity.credentials());
        for (const channel of channels) channel.rotate();
      },
    });
    shutdown.add('certificate', stop);
  }

  log.info('serving', { name: config.name, port, backend: kind });
  announceReady({ port, version, backend: kind, name: config.name });
}

async function readToken({ token, tokenFile }: Config): Promise<string | undefined> {
  if (token !== undefined || tokenFile === undefined) return token;
  try {
    return await readFile(tokenFile, 'utf8');
  } catch (cause) {
    throw new ClusterError('failed_precondition', `The token file ${tokenFile} cannot be read.`, { cause });
  }
}

function notJoined(host: string): ClusterError {
  return new ClusterError(
    'failed_precondition',
    `"${host}" can be reached by other machines, and this one has joined no cluster. Join one with --join and --token, or leave --host out.`,
  );
}

await runProgram(main);
