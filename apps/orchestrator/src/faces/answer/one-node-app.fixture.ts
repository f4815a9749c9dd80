import { create } from '@bufbuild/protobuf';
import { localPrincipal, ticketMachine, type Call, type Generate, type Principal } from '@tutti/core';
import { cached, createAnswerCache, createCluster, dispatched } from '@tutti/core/cluster';
import { NodeStateSchema } from '@tutti/proto/tutti/agent/v1/state';
import { createLog } from '@tutti/runtime/log';
import { virtualClock } from '@tutti/testing';
import { onTestFinished } from 'vitest';
import { answerHash } from '../../answer-hash.ts';
import { modelVersion } from '../../models/model-version.ts';
import { createAnswer } from './answer.ts';
import { createHttpServer } from '../http/http-server.ts';
import { idempotent } from './idempotent.ts';
import { ollamaFace } from '../ollama/ollama.ts';
import { openaiFace } from '../openai/openai.ts';

/** The faces of calls over one node that the test scripts; it has the model "m". Closed when the test is over. */
export async function oneNodeApp(node: Generate, { listen = false }: { readonly listen?: boolean } = {}) {
  const clock = virtualClock();
  const cluster = createCluster({ clock, random: () => 0 });
  const models = [{ name: 'm', digest: 'd1' }];
  cluster.report('a', node, create(NodeStateSchema, { models, slots: { total: 8, perRunner: 8 } }));
  const settings = { enabled: true, maxBytes: 1_000_000, ttlMs: 60_000, persist: false };
  const cache = createAnswerCache({ clock, settings: () => settings });
  const versionOf = (call: Call) => modelVersion(cluster.facts, call);
  const generate = cached({ cache, hash: answerHash, versionOf }, dispatched(cluster, clock));
  const app = createHttpServer({ log: createLog({ service: 'test', level: 'silent' }) });
  onTestFinished(() => app.close());
  let principal: Principal = localPrincipal;
  app.addHook('onRequest', async (request) => void (request.principal = principal));
  const enter = (): (() => void) => () => {};
  const answer = idempotent({ clock }, createAnswer({ generate, clock, nextTicket: ticketMachine(), enter }));
  ollamaFace(app, { answer, cluster, clock, version: '0' });
  openaiFace(app, { answer, cluster, clock });
  if (listen) await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    ...{ app, clock, cluster, cache },
    actAs: (changes: Partial<Principal>) => void (principal = { ...principal, ...changes }),
    post: (url: string, body: object, headers: Record<string, string> = {}) =>
      app.inject({ method: 'POST', url, headers, payload: { model: 'm', ...body } }),
  };
}
