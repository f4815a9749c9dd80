import { randomUUID } from 'node:crypto';
import { Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { DescService } from '@bufbuild/protobuf';
import {
  cached,
  createAnswerCache,
  createAnswerShelf,
  createCluster,
  createEstimates,
  createLearntSampling,
  createQuarantine,
  createRetryBudget,
  createTurn,
  dispatched,
  fallback,
  hedged,
  patterns,
  permitted,
  resumed,
  retried,
  ticketMachine,
  tuned,
  watched,
  type Call,
  type Generate,
} from '@tutti/core';
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
import {
  announceReady,
  createShutdown,
  runProgram,
  shutDownOnSignals,
  systemClock as clock,
  version,
} from '@tutti/runtime';
import { routeWarnings } from '@tutti/runtime/config';
import { createLog } from '@tutti/runtime/log';
import { mintJoinToken } from '@tutti/runtime/pki';
import { openTracing } from '@tutti/runtime/tracing';
import { createAccessService } from './access/access-service.ts';
import { isExposed, openAccess } from './access/access.ts';
import { grpcAccess } from './access/grpc-access.ts';
import { joinTokenIssuer } from './access/join-tokens.ts';
import { limited } from './access/limits.ts';
import { advertisedAddresses } from './members/advertised.ts';
import { createAgentless } from './members/agentless.ts';
import { createAgentsPort } from './members/agents-port.ts';
import { answerHash } from './answer-hash.ts';
import { readConfig } from './config.ts';
import { createConversations } from './conversations/conversations.ts';
import { publishDiscovery } from './members/discovery.ts';
import { createDoor } from './door.ts';
import { createAnswer } from './faces/answer/answer.ts';
import { bringImages } from './faces/answer/bring-images.ts';
import { docsFace } from './faces/docs/docs.ts';
import { healthFace } from './faces/http/health.ts';
import { createHttpServer } from './faces/http/http-server.ts';
import { idempotent } from './faces/answer/idempotent.ts';
import { logViewerFace } from './faces/http/log-viewer.ts';
import { faces } from './faces/faces.ts';
import { publicService } from './faces/rest/rest.ts';
import { sessionFace } from './faces/http/session.ts';
import { keepJoinTokenFile } from './access/join-token-file.ts';
import { learntDocuments } from './learnt/learnt-documents.ts';
import { keepLearnt } from './learnt/learnt.ts';
import { createLogIntake } from './records/log-intake.ts';
import { declaredNode, serverSettings } from './members/declared-node.ts';
import { createMembership } from './members/membership.ts';
import { keepMetricsKeyFile } from './access/metrics-key-file.ts';
import { createLoopLag } from './observation/loop-lag.ts';
import { metricsFace } from './observation/metrics-face.ts';
import { createObservation } from './observation/observation.ts';
import { createAliases } from './models/aliases.ts';
import { autoPulled } from './models/auto-pulled.ts';
import { virtualOllama } from './models/virtual-ollama.ts';
import { createPrewarming } from './models/prewarming.ts';
import { promptsLogged } from './records/prompt-log.ts';
import { readServerCertificate, refreshCertificate } from './access/public-certificate.ts';
import { modelVersion } from './models/model-version.ts';
import { openRecords } from './records/records.ts';
import { createRegistry } from './members/registry.ts';
import { availableModels, isResident } from './runs/available-models.ts';
import { createDebateTally } from './runs/debate-tally.ts';
import { patternModels } from './runs/pattern-models.ts';
import { createRuns } from './runs/runs.ts';
import { adminService } from './services/admin-service.ts';
import { clusterService } from './services/cluster-service.ts';
import { conversationService } from './services/conversation-service.ts';
import { inferenceService } from './services/inference-service.ts';
import { createPrewarmer } from './services/prewarmer.ts';
import { performanceService } from './services/performance-service.ts';
import { createLogService } from './services/log-service.ts';
import { nodeService } from './services/node-service.ts';
import { patternService } from './services/pattern-service.ts';
import { queueService } from './services/queue-service.ts';
import { workflowService } from './services/workflow-service.ts';
import { createTools } from './tools/tools.ts';
import { openTrust } from './access/trust.ts';
import { createWorkflows } from './workflows/workflows.ts';

/** The agent that `tutti up` starts beside the orchestrator joins at once, and again if its folder is lost meanwhile. */
const ownAgentToken = { ttlMs: 60 * 60_000, uses: 3 };

async function main(): Promise<void> {
  const startedAt = clock.now();
  const orchestratorId = randomUUID();
  const config = readConfig(process.argv.slice(2), process.env);
  const { settings, host } = config;
  const { dataFolder, server: fixed } = settings.current;
  /** Settings that may change while it runs. */
  const live = () => settings.current.server;
  const exposed = isExposed(host, fixed.trustProxy);
  const consoleLog = createLog({ service: 'orchestrator', level: config.logLevel });
  const shutdown = createShutdown({ onError: (part, error) => consoleLog.error('not closed', { part, error }) });
  const { store, log, logWriter, storeHealth } = await openRecords(config, consoleLog, clock, shutdown);

  // The nodes.
  const keepalive = { keepaliveMs: config.keepaliveMs, keepaliveTimeoutMs: config.keepaliveTimeoutMs };
  const folder = join(dataFolder, 'pki');
  const trust = exposed ? await openTrust({ folder, orchestratorId, keepalive, clock, log }) : undefined;
  shutdown.add('trust', () => trust?.close());
  const queueSize = (): number => live().queueSize;
  const estimates = createEstimates();
  const learnt = keepLearnt({ estimates, repository: store.estimates, clock, log });
  shutdown.add('learnt', () => learnt.close());
  const random = Math.random;
  const sampling = createLearntSampling(random);
  const repository = learntDocuments(store.documents.parameters, clock);
  const learntSampling = keepLearnt({ estimates: sampling, repository, clock, log });
  shutdown.add('learnt parameters', () => learntSampling.close());
  const cluster = createCluster({
    ...{ clock, random, estimates },
    concurrency: () => live().concurrency,
    queueSize,
    routes: () => settings.current.routes,
    onDecision: (decision) => why.decided(decision),
  });
  const membership = createMembership({
    orchestratorId,
    cluster,
    clock,
    log,
    nodes: store.nodes,
    connect: trust?.connect ?? ((address) => createChannel(address, keepalive)),
    onRecords: (records) => agentless.apply(records),
    onRemoved: (nodeId) => agents.disconnect(nodeId),
  });
  shutdown.add('membership', () => membership.close());
  const servers = (name: string) => serverSettings(settings.current.nodes, name);
  const agentless = createAgentless({ membership, servers, clock, log });
  shutdown.add('agentless nodes', () => agentless.close());
  const declareNodes = (): void => membership.declare(settings.current.nodes.map(declaredNode));
  declareNodes();
  const warnOfRoutes = (): void => {
    const names = membership.list().map(({ name }) => name);
    for (const warning of routeWarnings(settings.current.routes, names)) log.warn(warning);
  };
  warnOfRoutes();

  const models = virtualOllama({ cluster, membership, clock });

  // Who may do what.
  const access = await openAccess({ exposed, folder: dataFolder, repository: store.keys, clock, log }, shutdown);
  const { authenticate, keys, sessions, limits } = access;

  // The way of a call.
  const { list: nodes } = membership;
  const observation = createObservation({ cluster, nodes, storeHealth, queueSize, version, log, clock });
  const { metrics, book, why, countRefusals } = observation;
  const onProblem = (problem: string): void => void log.warn('tracing', { problem });
  const facts = { service: 'orchestrator', provider: 'tutti', version };
  const tracing = await openTracing({ ...facts, env: process.env, onProblem });
  shutdown.add('tracing', () => tracing.close());
  const door = createDoor({ clock });
  const budget = createRetryBudget({ clock });
  const quarantine = createQuarantine({ clock });
  const { enabled: hedges, ...hedge } = settings.current.hedging;
  const sent = hedged(hedges ? { ...hedge, clock, cluster, retries: budget } : undefined, dispatched(cluster, clock));
  const tried = retried({ clock, random, budget, quarantine }, sent);
  const dispatch = tracing.traced('client', fallback({ budget }, tuned(sampling, resumed({ clock, budget }, tried))));
  const { answers } = store.documents;
  const shelf = createAnswerShelf({ documents: answers, clock, ttlMs: () => settings.current.cache.ttlMs });
  const cache = createAnswerCache({ clock, settings: () => settings.current.cache, shelf });
  const versionOf = (call: Call) => modelVersion(cluster.facts, call);
  const repeated = cached({ cache, hash: answerHash, versionOf }, dispatch);
  const prompted = promptsLogged(repeated, { log, wanted: () => settings.current.logging.prompts });
  const pulled = autoPulled(prompted, { cluster, models, enabled: () => live().autoPull, clock, log });
  const generate = watched(book.watch, permitted(pulled));
  const enter = countRefusals(limited(limits, door.enter));
  const { tls, trustProxy, readTimeout, writeTimeout } = fixed;
  const longestStallMs = writeTimeout * 1_000;
  const nextTicket = ticketMachine();
  const tools = createTools({ clock, allowedUrls: () => live().fetchUrls });
  const tally = createDebateTally({ documents: store.documents.parameters, clock, log });
  const runs = createRuns({
    ...{ repository: store.runs, generate, orchestratorId, clock, log, nextTicket, enter },
    patterns: { ...patterns, turn: createTurn(tools) },
    models: () => availableModels(cluster),
    isResident: (model) => isResident(cluster, model),
    reenter: door.enter,
    isFull: () => cluster.waiting >= queueSize(),
    leaseMs: fixed.runLeaseMs,
    onEnded: tally.note,
  });
  shutdown.add('runs', () => runs.close());
  const asked = patternModels({ runs, generate });
  const aliases = createAliases({ wanted: () => settings.current.aliases, nodes: () => cluster.nodes });
  const { modelOf } = aliases;
  const answer = idempotent(
    { clock },
    createAnswer({
      ...{ generate: asked, clock, nextTicket, enter, limitHeaders: limits.headers, longestStallMs, modelOf },
      bring: bringImages({ clock, from: () => live().fetchImages }),
    }),
  );

  // Where agents come.
  const { isRemoved } = membership;
  const authorize = grpcAccess(authenticate);
  const agents = createAgentsPort(
    { host, port: config.grpcPort, keepalive, trust, isRemoved, authorize, clock, log },
    shutdown,
  );
  const { authority } = trust ?? {};
  const { joinTokens, logs } = store;
  const nodeName = (nodeId: string) => nodes().find(({ id }) => id === nodeId)?.name;
  const { pushLogs } = createLogIntake({ write: logWriter.write, nodeName, clock });
  const registry = createRegistry({ membership, authority, joinTokens, pushLogs, clock, log });

  // Where clients come.
  const readCertificate = () => readServerCertificate({ tls, authority, names: live().allowedHosts });
  const app = createHttpServer({
    log,
    trustProxy,
    tls: await readCertificate(),
    timeouts: { requestMs: readTimeout * 1_000 },
    access: {
      exposed,
      authenticate,
      allowedHosts: () => live().allowedHosts,
      allowedOrigins: () => live().allowedOrigins,
    },
  });
  const { responses } = store.documents;
  const parts = { answer, cluster, models, aliases, estimates, responses, version, clock };
  for (const face of Object.values(faces)) face.serve(app, parts);
  healthFace(app, { cluster, stopping: () => door.stopping });
  metricsFace(app, metrics);
  sessionFace(app, { exposed, authenticate, sessions });
  await logViewerFace(app);
  await docsFace(app, { cluster });

  // Our own services, each by gRPC, REST and Connect.
  const serve = <S extends DescService>(service: S, implementation: Implementation<S>): void => {
    agents.serve(service, implementation);
    publicService(app, service, implementation, { clock, log });
  };
  const lag = createLoopLag(clock);
  shutdown.add('loop lag', () => lag.close());
  const issueJoinToken = joinTokenIssuer({
    repository: joinTokens,
    mint: () => mintJoinToken(trust!.authority.fingerprint),
    clock,
  });
  const about = { orchestratorId, version, startedAt, exposed, concurrency: () => live().concurrency };
  const advertised = (): string[] => advertisedAddresses(live().advertise, host, agents.port);
  const named: Generate = (call, context) => asked({ ...call, model: modelOf(call.model) }, context);
  serve(InferenceService, inferenceService({ generate: named, nextTicket, enter }));
  serve(ClusterService, clusterService({ ...about, cluster, nodes, book, clock }));
  serve(NodeService, nodeService({ membership, cluster }));
  const prewarmer = createPrewarmer({ cluster, membership, clock });
  const prewarming = createPrewarming({ cluster, prewarmer, enabled: () => live().prewarm === 'idle', clock, log });
  shutdown.add('prewarming', () => prewarming.close());
  serve(PerformanceService, performanceService({ why, prewarmer, sampling, cluster, cache, clock }));
  serve(PatternService, patternService({ runs, tally, clock }));
  const workflows = createWorkflows({ documents: store.documents.workflows, runs, clock });
  serve(WorkflowService, workflowService({ workflows }));
  const conversations = createConversations({ documents: store.documents.conversations, runs, clock });
  serve(ConversationService, conversationService({ conversations }));
  serve(QueueService, queueService({ cluster, clock, bounds: live }));
  serve(LogService, createLogService({ logs, stats: () => logWriter.stats, clock }));
  serve(AdminService, adminService({ book, cluster, nodes, store: storeHealth, lag, settings, version, clock }));
  serve(AccessService, createAccessService({ keys, joinTokens, issueJoinToken, advertised, exposed, clock, log }));

  await agents.open(registry);
  const { port: grpcPort } = agents;

  // What others find: there before it says that it lives.
  if (trust) {
    const { joinTokenFile, metricsKeyFile, discovery } = fixed;
    if (joinTokenFile) {
      const file = await keepJoinTokenFile({ path: joinTokenFile, issueJoinToken, clock, log });
      shutdown.add('join token file', () => file.close());
    }
    if (metricsKeyFile) await keepMetricsKeyFile({ path: metricsKeyFile, keys, log });
    if (discovery) {
      const beacon = await publishDiscovery({ port: grpcPort, fingerprint: trust.authority.fingerprint, log });
      shutdown.add('discovery', () => beacon.close());
    }
  }

  await app.listen({ host, port: config.port });
  shutdown.add('http', () => app.close());
  shutdown.add('requests', () => door.close(config.shutdownGraceMs));
  const { port } = app.server.address() as AddressInfo;

  // What may change while it runs.
  const certificate =
    app.server instanceof HttpsServer
      ? refreshCertificate({ server: app.server, read: readCertificate, clock, log })
      : undefined;
  shutdown.add('certificate', () => certificate?.close());
  settings.onChange((paths) => {
    log.level = config.logLevel;
    if (paths.includes('nodes')) declareNodes();
    if (paths.some((path) => path.startsWith('routes') || path.startsWith('nodes'))) warnOfRoutes();
  });
  process.on('SIGHUP', () => {
    certificate?.refresh();
    try {
      log.info('configuration read anew', settings.reload());
    } catch (error) {
      log.error('configuration not read; nothing changed', { error });
    }
  });

  // Without a store nobody can join; whoever has joined needs no token.
  const notIssued = (error: unknown): void => void log.warn('no join token for the agent of this machine', { error });

  shutDownOnSignals(shutdown);
  log.info('serving', { port, grpcPort, exposed });
  if (exposed && tls === 'off')
    log.warn('clients of other machines send their keys in plaintext; see server.tls', { port });
  const { firstAdminKey } = keys;
  const ownAgent = trust && process.send ? await issueJoinToken(ownAgentToken).catch(notIssued) : undefined;
  announceReady({
    ...{ port, grpcPort, version, exposed },
    ...(firstAdminKey && { firstAdminKey }),
    ...(ownAgent && { joinToken: ownAgent.text }),
  });
  if (firstAdminKey && !process.send) {
    // What is no terminal keeps what it is given: the log of a container, of a service.
    const key = process.stdout.isTTY ? `shown once: ${firstAdminKey}` : 'made: "tutti keys admin --show" tells it';
    process.stdout.write(`Admin key, ${key}\n`);
  }
}

await runProgram(main);
