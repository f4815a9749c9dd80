import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DescService } from '@bufbuild/protobuf';
import type { RouteOptions } from 'fastify';
import { ClusterError, permitted, ticketMachine, type DocumentRepository, type NewLogRecord } from '@tutti/core';
import { createCluster, createEstimates, dispatched } from '@tutti/core/cluster';
import { AccessService } from '@tutti/proto/tutti/v1/access';
import { InferenceService } from '@tutti/proto/tutti/v1/inference';
import { createLog } from '@tutti/runtime/log';
import { createRegistry } from '@tutti/runtime/metrics';
import { virtualClock } from '@tutti/testing';
import { createAnswer } from '../faces/answer/answer.ts';
import { docsFace } from '../faces/docs/docs.ts';
import { healthFace } from '../faces/http/health.ts';
import { createHttpServer, type HttpOptions } from '../faces/http/http-server.ts';
import { logViewerFace } from '../faces/http/log-viewer.ts';
import { documentedServices } from '../faces/docs/service-notes.ts';
import { faces } from '../faces/faces.ts';
import { publicService } from '../faces/rest/rest.ts';
import { sessionFace } from '../faces/http/session.ts';
import { createAliases } from '../models/aliases.ts';
import { virtualOllama } from '../models/virtual-ollama.ts';
import { metricsFace } from '../observation/metrics-face.ts';
import { createAccessService } from './access-service.ts';
import { authenticateLocal, createAuthenticate } from './authenticate.ts';
import type { GuardOptions } from './guard.ts';
import { joinTokenIssuer } from './join-tokens.ts';
import { openKeyRing } from './key-ring.ts';
import { createLimits, limited } from './limits.ts';
import { memoryStore } from './memory-store.fixture.ts';
import { createSessions } from './sessions.ts';

interface Options extends Pick<GuardOptions, 'exposed' | 'allowedHosts' | 'allowedOrigins'> {
  readonly trustProxy?: HttpOptions['trustProxy'];
}

/** The server with all its faces, over a cluster without nodes. What it logs is kept, and its routes. */
export async function guardedApp({ exposed, trustProxy = [], ...allowed }: Options) {
  const folder = mkdtempSync(join(tmpdir(), 'tutti-access-'));
  const lines: NewLogRecord[] = [];
  const routes: RouteOptions[] = [];
  const clock = virtualClock();
  const store = memoryStore();
  const log = createLog({ service: 'test', level: 'debug', sinks: [(line) => void lines.push(line)] });
  const keys = await openKeyRing({ folder, repository: store.keys, exposed, clock, log });
  const sessions = createSessions({ clock });
  const authenticate = exposed ? createAuthenticate({ keys, sessions, clock }) : authenticateLocal;

  const app = createHttpServer({ log, access: { exposed, authenticate, ...allowed }, trustProxy });
  app.addHook('onRoute', (route) => void routes.push(route));
  const cluster = createCluster({ clock, random: () => 0 });
  const membership = { models: () => undefined };
  const limits = createLimits({ clock, find: keys.find });
  const enter = limited(limits, () => () => {});
  const generate = permitted(dispatched(cluster, clock));
  const answer = createAnswer({ generate, clock, nextTicket: ticketMachine(), enter, limitHeaders: limits.headers });
  const models = virtualOllama({ cluster, membership, clock });
  const aliases = createAliases({ wanted: () => ({}), nodes: () => cluster.nodes });
  const estimates = createEstimates();
  const parts = { answer, cluster, models, aliases, estimates, responses: noDocuments, version: '0', clock };
  for (const face of Object.values(faces)) face.serve(app, parts);
  healthFace(app, { cluster, stopping: () => false });
  metricsFace(app, createRegistry());
  await logViewerFace(app);
  await docsFace(app, { cluster });
  sessionFace(app, { exposed, authenticate, sessions });
  const services = [...documentedServices.map(({ service }) => service), InferenceService];
  for (const service of services) {
    if (service !== AccessService) publicService(app, service, nothingOf(service), { clock, log });
  }
  let tokens = 0;
  const access = createAccessService({
    ...{ keys, joinTokens: store.joinTokens, exposed, clock, log },
    advertised: () => ['192.0.2.7'],
    issueJoinToken: joinTokenIssuer({
      ...{ repository: store.joinTokens, clock },
      mint: () => ({ id: `t${++tokens}`, secretHash: '00', text: `join-canary-${tokens}-` }),
    }),
  });
  publicService(app, AccessService, access, { clock, log });
  await app.ready();

  return {
    ...{ app, cluster, routes, lines, log, clock, store, keys, sessions, folder },
    async close() {
      keys.close();
      await app.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** A store of documents that keeps none. */
const noDocuments: DocumentRepository = {
  add: async () => true,
  find: async () => undefined,
  list: async () => [],
  replace: async () => undefined,
  remove: async () => false,
  removeOld: async () => 0,
};

/** A service whose methods are there and do nothing. */
function nothingOf(service: DescService): object {
  const nothing = (): never => {
    throw new ClusterError('not_implemented', 'This does nothing.');
  };
  return Object.fromEntries(service.methods.map(({ localName }) => [localName, nothing]));
}
