import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ClusterError,
  done,
  pause,
  progress,
  textDelta,
  throwIfAborted,
  ticketMachine,
  type Call,
  type Generate,
  type Principal,
} from '@tutti/core';
import { patterns, type AvailableModel } from '@tutti/core/patterns';
import { WorkflowService } from '@tutti/proto/tutti/v1/workflow';
import { systemClock } from '@tutti/runtime';
import { createLog } from '@tutti/runtime/log';
import { openStore } from '@tutti/runtime/store';
import { virtualClock, type VirtualClock } from '@tutti/testing';
import { onTestFinished } from 'vitest';
import { createDoor } from '../door.ts';
import { createHttpServer } from '../faces/http/http-server.ts';
import { publicService } from '../faces/rest/rest.ts';
import { untilSettled } from '../runs/runs.fixture.ts';
import { createRuns } from '../runs/runs.ts';
import { createWorkflows } from '../workflows/workflows.ts';
import { serveGrpc, through } from './served.fixture.ts';
import { workflowService } from './workflow-service.ts';

/** What the model answers; an error: it fails so. */
export type Say = (prompt: string) => string | ClusterError;

const facts = { resident: true, sizeBytes: 1, contextLength: 4_096, family: 'f', capabilities: [] };
const models: readonly AvailableModel[] = [{ name: 'm', ...facts }];

/** A model that says a word every 100 ms. */
function slowModel(clock: VirtualClock, say: Say): { generate: Generate; asked: string[] } {
  const asked: string[] = [];
  const generate: Generate = async function* (call, { requestId, signal }) {
    asked.push(requestId.split('.').slice(1).join('.'));
    const text = say(promptOf(call));
    if (text instanceof ClusterError) throw text;
    yield progress({ case: 'dispatched', value: { node: 'n1', reason: 'test', attempt: 1 } });
    const words = text.split(/(?<= )/);
    for (const word of words) {
      await pause(clock, 100, signal);
      throwIfAborted(signal);
      yield textDelta(word);
    }
    yield done({ reason: 'stop', usage: { promptTokens: 5, outputTokens: words.length } });
  };
  return { generate, asked };
}

function promptOf({ kind }: Call): string {
  const messages = kind.case === 'chat' ? kind.value.messages : [];
  const parts = messages.flatMap((message) => message.parts);
  return parts.flatMap((part) => (part.kind.case === 'text' ? [part.kind.value] : [])).join('\n');
}

/** The service by HTTP and by gRPC, on a store that can be away. The client of HTTP has the key that `as` says. */
export async function startWorkflowRig(say: Say) {
  const clock = virtualClock();
  const log = createLog({ service: 'test', level: 'silent' });
  const folder = await mkdtemp(join(tmpdir(), 'tutti-workflows-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const store = await openStore({ file: join(folder, 'tutti.db'), logRetentionMs: Infinity, clock });
  onTestFinished(() => store.close());
  const state = { away: false };
  const { generate, asked } = slowModel(clock, say);
  const door = createDoor({ clock });
  const runs = createRuns({
    ...{ repository: through(store.runs, state), patterns, generate, clock, log, orchestratorId: 'o' },
    models: () => models,
    isResident: () => true,
    nextTicket: ticketMachine(),
    enter: (cancel) => door.enter(cancel),
    reenter: (cancel) => door.enter(cancel),
    isFull: () => false,
  });
  onTestFinished(() => runs.close());
  const documents = through(store.documents.workflows, state);
  const workflows = createWorkflows({ documents, runs, clock });
  const service = workflowService({ workflows });
  const { url, actAs } = await serveHttp(service, log);
  const grpc = await serveGrpc(WorkflowService, service);
  const soon = <T>(promise: Promise<T>): Promise<T> => untilSettled(clock, promise);
  const ask = (method: string, path: string, body?: object, headers: Record<string, string> = {}) =>
    fetch(url + path, {
      method,
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
  /** Status and JSON of an answer. */
  const json = (...request: Parameters<typeof ask>): Promise<[number, Record<string, unknown>]> =>
    soon(ask(...request).then(async (answer) => [answer.status, (await answer.json()) as Record<string, unknown>]));
  const text = (...request: Parameters<typeof ask>): Promise<string> =>
    soon(ask(...request).then((answer) => answer.text()));
  return { clock, state, asked, runs, documents, workflows, grpc, json, text, soon, actAs };
}

async function serveHttp(service: ReturnType<typeof workflowService>, log: ReturnType<typeof createLog>) {
  const app = createHttpServer({ log });
  let principal: Principal | undefined;
  app.addHook('onRequest', async (request) => {
    if (principal) request.principal = principal;
  });
  publicService(app, WorkflowService, service, { clock: systemClock, log });
  await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => app.close());
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  return { url, actAs: (other: Principal) => void (principal = other) };
}
