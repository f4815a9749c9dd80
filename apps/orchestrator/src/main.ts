import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { DescService } from '@bufbuild/protobuf';
import { ticketMachine, type Generate } from '@tutti/core';
import { createCluster } from '@tutti/core/cluster';
import { AccessService } from '@tutti/proto/tutti/v1/access';
import { AdminService } from '@tutti/proto/tutti/v1/admin';
import { ClusterService } from '@tutti/proto/tutti/v1/cluster';
import { ConversationService } from '@tutti/proto/tutti/v1/conversation';
import { InferenceService } from '@tutti/proto/tutti/v1/inference';
import { LogService } from '@tutti/proto/tutti/v1/log';
import { NodeService } from '@tutti/proto/tutti/v1/node';
import { PatternService } from '@tutti/proto/tutti/v1/pattern';
import { PerformanceService } from '@tutti/proto/tutti/v1/performance';
import { QueueService } from '@tutti/proto/tutti/v1/queue';
import { WorkflowService } from '@tutti/proto/tutti/v1/workflow';
import { createChannel, type Implementation } from '@tutti/rpc';
import { createShutdown, runProgram, shutDownOnSignals, systemClock as clock, version } from '@tutti/runtime';
import { createLog } from '@tutti/runtime/log';
import { mintJoinToken } from '@tutti/runtime/pki';
import { openTracing } from '@tutti/runtime/tracing';
import { createAccessService } from './access/access-service.ts';
import { isExposed, openAccess } from './access/access.ts';
import { grpcAccess } from './access/grpc-access.ts';
import { joinTokenIssuer } from './access/join-tokens.ts';
import { limited } from './access/limits.ts';
import { openTrust } from './access/trust.ts';
import { announce } from './announce.ts';
import { createCallPath } from './call-path.ts';
import { readConfig } from './config.ts';
import { createConversations } from './conversations/conversations.ts';
import { createDoor } from './door.ts';
import { createAnswer } from './faces/answer/answer.ts';
import { bringImages } from './faces/answer/bring-images.ts';
import { idempotent } from './faces/answer/idempotent.ts';
import { createClientsPort } from './faces/clients-port.ts';
import { openLearnt } from './learnt/open-learnt.ts';
import { advertisedAddresses } from './members/advertised.ts';
import { createAgentsPort } from './members/agents-port.ts';
import { openMembers } from './members/members.ts';
import { publishEntry } from './members/publish-entry.ts';
import { createRegistry } from './members/registry.ts';
import { createAliases } from './models/aliases.ts';
import { createPrewarming } from './models/prewarming.ts';
import { virtualOllama } from './models/virtual-ollama.ts';
import { createLoopLag } from './observation/loop-lag.ts';
import { createObservation } from './observation/observation.ts';
import { createLogIntake } from './records/log-intake.ts';
import { openRecords } from './records/records.ts';
import { openRuns } from './runs/open-runs.ts';
import { patternModels } from './runs/pattern-models.ts';
import { adminService } from './services/admin-service.ts';
import { clusterService } from './services/cluster-service.ts';
import { conversationService } from './services/conversation-service.ts';
import { inferenceService } from './services/inference-service.ts';
import { createLogService } from './services/log-service.ts';
import { nodeService } from './services/node-service.ts';
import { patternService } from './services/pattern-service.ts';
import { performanceService } from './services/performance-service.ts';
import { createPrewarmer } from './models/prewarmer.ts';
import { queueService } from './services/queue-service.ts';
import { workflowService } from './services/workflow-service.ts';
import { createWorkflows } from './workflows/workflows.ts';

async function main(): Promise<void> {
  const startedAt = clock.now();
  const orchestratorId = randomUUID();
  const config = readConfig(process.argv.slice(2), process.env);
  const { settings, host, shutdownGraceMs } = config;
  const { dataFolder, server: fixed } = settings.current;
  /** Settings that may change while it runs. */
  const live = () => settings.current.server;
  const exposed = isExposed(host, fixed.trustProxy);
  const consoleLog = createLog({ service: 'orchestrator', level: config.logLevel });
  const { random } = Math;
  const shutdown = createShutdown({ onError: (part, error) => consoleLog.error('not closed', { part, error }) });
  const { store, log, logWriter, storeHealth } = await openRecords(config, consoleLog, clock, shutdown);
  const { documents, joinTokens, logs } = store;

  // The nodes.
  const keepalive = { keepaliveMs: config.keepaliveMs, keepaliveTimeoutMs: config.keepaliveTimeoutMs };
  const folder = join(dataFolder, 'pki');
  const trust = exposed ? await openTrust({ folder, orchestratorId, keepalive, clock, log }) : undefined;
  shutdown.add('trust', () => trust?.close());
  const { authority } = trust ?? {};
  const { estimates, sampling } = openLearnt({ store, random, clock, log }, shutdown);
  const queueSize = (): number => live().queueSize;
  const concurrency = (): number => live().concurrency;
  const cluster = createCluster({
    ...{ clock, random, estimates, concurrency, queueSize },
    routes: () => settings.current.routes,
    onDecision: (decision) => why.decided(decision),
  });
  const { membership, redeclare } = openMembers(
    {
      ...{ orchestratorId, cluster, nodes: store.nodes, settings, clock, log },
      connect: trust?.connect ?? ((address) => createChannel(address, keepalive)),
      onRemoved: (nodeId) => agents.disconnect(nodeId),
    },
    shutdown,
  );
  const { list: nodes, isRemoved } = membership;
  const models = virtualOllama({ cluster, membership, clock });

  // Who may do what.
  const access = await openAccess({ exposed, folder: dataFolder, repository: store.keys, clock, log }, shutdown);
  const { authenticate, keys, limits } = access;

  // The way of a call.
  const observation = createObservation({ cluster, nodes, storeHealth, queueSize, version, log, clock });
  const { metrics, book, why, countRefusals } = observation;
  const onProblem = (problem: string): void => void log.warn('tracing', { problem });
  const program = { service: 'orchestrator', provider: 'tutti', version };
  const tracing = await openTracing({ ...program, env: process.env, onProblem });
  shutdown.add('tracing', () => tracing.close());
  const door = createDoor({ clock });
  const { generate, cache } = createCallPath({
    ...{ cluster, models, sampling, answers: documents.answers, settings, random, clock, log },
    ...{ traced: tracing.traced, watch: book.watch },
  });
  const enter = countRefusals(limited(limits, door.enter));
  const nextTicket = ticketMachine();
  const { runs, tally } = openRuns(
    { store, cluster, generate, door, enter, nextTicket, orchestratorId, settings, clock, log },
    shutdown,
  );
  const asked = patternModels({ runs, generate });
  const aliases = createAliases({ wanted: () => settings.current.aliases, nodes: () => cluster.nodes });
  const { modelOf } = aliases;
  const answer = idempotent(
    { clock },
    createAnswer({
      ...{ generate: asked, clock, nextTicket, enter, limitHeaders: limits.headers, modelOf },
      longestStallMs: fixed.writeTimeout * 1_000,
      bring: bringImages({ clock, from: () => live().fetchImages }),
    }),
  );

  // Where agents come, and where clients do.
  const authorize = grpcAccess(authenticate);
  const agents = createAgentsPort(
    { host, port: config.grpcPort, keepalive, trust, isRemoved, authorize, clock, log },
    shutdown,
  );
  const clients = await createClientsPort(
    { host, port: config.port, settings, access, authority, metrics, door, shutdownGraceMs, log },
    { answer, cluster, models, aliases, estimates, responses: documents.responses, version, clock },
    shutdown,
  );

  // Our own services, each by gRPC, REST and Connect.
  const serve = <S extends DescService>(service: S, implementation: Implementation<S>): void => {
    agents.serve(service, implementation);
    clients.serve(service, implementation);
  };
  const lag = createLoopLag(clock);
  shutdown.add('loop lag', () => lag.close());
  const prewarmer = createPrewarmer({ cluster, membership, clock });
  const prewarming = createPrewarming({ cluster, prewarmer, enabled: () => live().prewarm === 'idle', clock, log });
  shutdown.add('prewarming', () => prewarming.close());
  const workflows = createWorkflows({ documents: documents.workflows, runs, clock });
  const conversations = createConversations({ documents: documents.conversations, runs, clock });
  const mint = () => mintJoinToken(authority!.fingerprint);
  const issueJoinToken = joinTokenIssuer({ repository: joinTokens, mint, clock });
  const advertised = (): string[] => advertisedAddresses(live().advertise, host, agents.port);
  const about = { orchestratorId, version, startedAt, exposed, concurrency };
  const named: Generate = (call, context) => asked({ ...call, model: modelOf(call.model) }, context);
  serve(InferenceService, inferenceService({ generate: named, nextTicket, enter }));
  serve(ClusterService, clusterService({ ...about, cluster, nodes, book, clock }));
  serve(NodeService, nodeService({ membership, cluster }));
  serve(PerformanceService, performanceService({ why, prewarmer, sampling, cluster, cache, clock }));
  serve(PatternService, patternService({ runs, tally, clock }));
  serve(WorkflowService, workflowService({ workflows }));
  serve(ConversationService, conversationService({ conversations }));
  serve(QueueService, queueService({ cluster, clock, bounds: live }));
  serve(LogService, createLogService({ logs, stats: () => logWriter.stats, clock }));
  serve(AdminService, adminService({ book, cluster, nodes, store: storeHealth, lag, settings, version, clock }));
  serve(AccessService, createAccessService({ keys, joinTokens, issueJoinToken, advertised, exposed, clock, log }));

  // Open: agents first, then what others find the way in by, and last where it says that it lives.
  const nodeName = (nodeId: string) => nodes().find(({ id }) => id === nodeId)?.name;
  const { pushLogs } = createLogIntake({ write: logWriter.write, nodeName, clock });
  await agents.open(createRegistry({ membership, authority, joinTokens, pushLogs, clock, log }));
  const { port: grpcPort } = agents;
  if (authority) {
    const { fingerprint } = authority;
    await publishEntry({ settings: fixed, issueJoinToken, keys, port: grpcPort, fingerprint, clock, log }, shutdown);
  }
  await clients.open();

  // What may change while it runs.
  settings.onChange((changed) => {
    log.level = config.logLevel;
    redeclare(changed);
  });
  process.on('SIGHUP', () => {
    clients.refreshCertificate();
    try {
      log.info('configuration read anew', settings.reload());
    } catch (error) {
      log.error('configuration not read; nothing changed', { error });
    }
  });

  shutDownOnSignals(shutdown);
  await announce({
    ...{ port: clients.port, grpcPort, exposed, log },
    encrypted: fixed.tls !== 'off',
    firstAdminKey: keys.firstAdminKey,
    issueJoinToken: authority && issueJoinToken,
  });
}

await runProgram(main);
