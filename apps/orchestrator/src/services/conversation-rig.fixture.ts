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
  type Generate,
  type Principal,
} from '@tutti/core';
import { createTurn, patterns, type AvailableModel, type Tool } from '@tutti/core/patterns';
import { ConversationService } from '@tutti/proto/tutti/v1/conversation';
import { systemClock } from '@tutti/runtime';
import { createLog } from '@tutti/runtime/log';
import { openStore } from '@tutti/runtime/store';
import { virtualClock, type VirtualClock } from '@tutti/testing';
import { onTestFinished } from 'vitest';
import { createConversations } from '../conversations/conversations.ts';
import { createDoor } from '../door.ts';
import { createHttpServer } from '../faces/http/http-server.ts';
import { publicService } from '../faces/rest/rest.ts';
import { untilSettled } from '../runs/runs.fixture.ts';
import { createRuns } from '../runs/runs.ts';
import { createTools } from '../tools/tools.ts';
import { conversationService } from './conversation-service.ts';
import { through } from './served.fixture.ts';

/** What a model answers to the texts of a call; an error: it fails so. */
export type Say = (texts: readonly string[], schema: boolean) => string | ClusterError;

const facts = { resident: true, sizeBytes: 1, contextLength: 4_096, family: 'f', capabilities: ['completion'] };
const models: readonly AvailableModel[] = [{ name: 'm', ...facts }];
const log = createLog({ service: 'test', level: 'silent' });
const leaseMs = 1_500;
const rules = { calculator: 'auto', currentTime: 'auto', fetchUrl: 'auto', askMs: 600_000 } as const;

/** A model that says a word every 100 ms. */
function slowModel(clock: VirtualClock, say: Say): { generate: Generate; asked: string[]; prompts: string[] } {
  const asked: string[] = [];
  const prompts: string[] = [];
  const generate: Generate = async function* ({ kind, format }, { requestId, signal }) {
    asked.push(requestId.split('.').slice(1).join('.'));
    const messages = kind.case === 'chat' ? kind.value.messages : [];
    const texts = messages.map(({ parts }) => (parts[0]?.kind.case === 'text' ? parts[0].kind.value : ''));
    prompts.push(texts.join('\n'));
    const text = say(texts, format !== undefined);
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
  return { generate, asked, prompts };
}

/** A store that can be away, and processes that have it in common. */
export async function startConversationRig(say: Say) {
  const clock = virtualClock();
  const folder = await mkdtemp(join(tmpdir(), 'tutti-conversations-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const store = await openStore({ file: join(folder, 'tutti.db'), logRetentionMs: Infinity, clock });
  onTestFinished(() => store.close());
  const state = { away: false };
  const model = slowModel(clock, say);
  const used: unknown[] = [];
  const danger: Tool = {
    ...{ name: 'danger', description: 'Does what cannot be undone.', parameters: {}, policy: 'ask' },
    run: async (args) => (used.push(args), 'gone'),
  };
  const tools = { ...createTools({ clock, allowedUrls: () => [], rules: () => rules }), danger };

  const startProcess = async (name: string) => {
    const door = createDoor({ clock });
    const runs = createRuns({
      ...{
        repository: through(store.runs, state),
        generate: model.generate,
        clock,
        log,
        leaseMs,
        orchestratorId: name,
      },
      patterns: { ...patterns, turn: createTurn(tools) },
      models: () => models,
      isResident: () => true,
      nextTicket: ticketMachine(),
      enter: (cancel) => door.enter(cancel),
      reenter: (cancel) => door.enter(cancel),
      isFull: () => false,
    });
    onTestFinished(() => runs.close());
    const documents = through(store.documents.conversations, state);
    const service = conversationService({ conversations: createConversations({ documents, runs, clock }) });
    const http = await serveHttp(service, clock);
    const stop = (): Promise<unknown> => untilSettled(clock, Promise.all([door.close(0), runs.close()]));
    return { runs, service, stop, ...http };
  };

  const process = await startProcess('a');
  const soon = <T>(promise: Promise<T>): Promise<T> => untilSettled(clock, promise);
  return { ...process, ...model, clock, state, documents: store.documents.conversations, used, soon, startProcess };
}

/** A client of HTTP with the key that `actAs` says. */
async function serveHttp(service: ReturnType<typeof conversationService>, clock: VirtualClock) {
  const app = createHttpServer({ log });
  let principal: Principal | undefined;
  app.addHook('onRequest', async (request) => {
    if (principal) request.principal = principal;
  });
  publicService(app, ConversationService, service, { clock: systemClock, log });
  await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => app.close());
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/api/agents/conversations`;
  const ask = (method: string, path: string, body?: object, headers: Record<string, string> = {}) =>
    fetch(url + path, {
      method,
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
  /** Status and JSON of an answer. */
  const json = (...request: Parameters<typeof ask>): Promise<[number, Record<string, unknown>]> =>
    untilSettled(
      clock,
      ask(...request).then(async (answer) => [answer.status, JSON.parse((await answer.text()) || '{}')]),
    );
  const text = (...request: Parameters<typeof ask>): Promise<string> =>
    untilSettled(
      clock,
      ask(...request).then((answer) => answer.text()),
    );
  return { json, text, actAs: (other: Principal) => void (principal = other) };
}
