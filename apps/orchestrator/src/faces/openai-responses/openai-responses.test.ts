import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ClusterError,
  delta,
  done,
  localPrincipal,
  Priority,
  ticketMachine,
  type Context,
  type DocumentRepository,
  type Generate,
} from '@tutti/core';
import { createLog } from '@tutti/runtime/log';
import { openStore } from '@tutti/runtime/store';
import { virtualClock } from '@tutti/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAnswer } from '../answer/answer.ts';
import { createHttpServer } from '../http/http-server.ts';
import { openaiResponsesFace } from './openai-responses.ts';

const day = 24 * 60 * 60_000;

interface Told {
  readonly id: string;
  readonly store: boolean;
  readonly output: readonly object[];
  readonly error?: { readonly code: string; readonly param: string };
}

/** The face over a model that says a word, and a store that can be away. */
async function startFace(answer: Generate = says('Hello')) {
  const clock = virtualClock();
  const folder = await mkdtemp(join(tmpdir(), 'tutti-responses-'));
  const store = await openStore({ file: join(folder, 'tutti.db'), logRetentionMs: Infinity, clock });
  const app = createHttpServer({ log: createLog({ service: 'test', level: 'silent' }) });
  onTestFinished(async () => {
    await app.close();
    await store.close();
    await rm(folder, { recursive: true });
  });
  const state = { away: false, key: 'k1' };
  const contexts: Context[] = [];
  const generate: Generate = (call, context) => {
    contexts.push(context);
    return answer(call, context);
  };
  const reach = async (): Promise<DocumentRepository> => {
    if (state.away) throw new ClusterError('storage_unavailable', 'The store does not answer.');
    return store.documents.responses;
  };
  const documents: DocumentRepository = {
    ...store.documents.responses,
    add: async (record) => (await reach()).add(record),
    find: async (id, now) => (await reach()).find(id, now),
  };
  app.addHook('onRequest', async (request) => void (request.principal = { ...localPrincipal, id: state.key }));
  const enter = (): (() => void) => () => {};
  openaiResponsesFace(app, {
    answer: createAnswer({ generate, clock, nextTicket: ticketMachine(), enter }),
    documents,
    clock,
  });
  return {
    ...{ app, clock, state, contexts },
    async post(body: object, headers: Record<string, string> = {}) {
      const payload = { model: 'm', ...body };
      const answered = await app.inject({ method: 'POST', url: '/v1/responses', headers, payload });
      return { status: answered.statusCode, text: answered.body };
    },
    async get(path: string) {
      const answered = await app.inject({ url: `/v1/responses/${path}` });
      return { status: answered.statusCode, text: answered.body };
    },
  };
}

function says(text: string): Generate {
  return async function* () {
    yield delta({ text });
    yield done({ reason: 'stop', usage: { promptTokens: 1, outputTokens: 1 } });
  };
}

function told({ text }: { readonly text: string }): Told {
  return JSON.parse(text) as Told;
}

/** The response in the last event. */
function lastOf({ text }: { readonly text: string }): { type: string; response: Told } {
  return JSON.parse(text.trim().split('\ndata: ').at(-1)!) as { type: string; response: Told };
}

it('the events of a stream are numbered as they come', async () => {
  const { post } = await startFace();
  const { text } = await post({ input: 'hi', stream: true });
  const numbers = [...text.matchAll(/"sequence_number":(\d+)/g)].map(([, number]) => Number(number));
  expect(numbers.length).toBeGreaterThan(5);
  expect(numbers).toEqual([...numbers.keys()]);
});

describe('a response is kept', () => {
  it('to the byte, before its end is told', async () => {
    const { post, get } = await startFace();
    const whole = await post({ input: 'hi' });
    expect(await get(told(whole).id)).toEqual({ status: 200, text: whole.text });
    const { response } = lastOf(await post({ input: 'hi', stream: true }));
    expect(told(await get(response.id))).toEqual(response);
  });

  it('for 30 days', async () => {
    const { post, get, clock } = await startFace();
    const { id } = told(await post({ input: 'hi' }));
    await clock.advance(30 * day - 1);
    expect((await get(id)).status).toBe(200);
    await clock.advance(1);
    expect((await get(id)).status).toBe(404);
  });

  it('for its key', async () => {
    const { post, get, state, app } = await startFace();
    const { id } = told(await post({ input: 'hi' }));
    state.key = 'k2';
    expect((await get(id)).status).toBe(404);
    expect((await get(`${id}/input_items`)).status).toBe(404);
    expect((await app.inject({ method: 'DELETE', url: `/v1/responses/${id}` })).statusCode).toBe(404);
    expect(await post({ input: 'hi', previous_response_id: id })).toMatchObject({ status: 400 });
    state.key = 'k1';
    expect((await app.inject({ method: 'DELETE', url: `/v1/responses/${id}` })).json()).toEqual({
      ...{ id, object: 'response', deleted: true },
    });
    expect((await get(id)).status).toBe(404);
  });

  it('with what was said before, though that is deleted', async () => {
    const { post, get, app } = await startFace();
    const first = told(await post({ input: 'one' }));
    const second = told(await post({ input: 'two', previous_response_id: first.id }));
    await app.inject({ method: 'DELETE', url: `/v1/responses/${first.id}` });
    const { text } = await get(`${second.id}/input_items?order=asc`);
    const { data } = JSON.parse(text) as { data: { content: { text: string }[] }[] };
    expect(data.map(({ content }) => content[0]?.text)).toEqual(['one', 'Hello', 'two']);
  });
});

describe('without a store', () => {
  it.each([false, true])('an answer says that it is not kept (stream: %s)', async (stream) => {
    const { post, get, state } = await startFace();
    state.away = true;
    const answered = await post({ input: 'hi', stream });
    const response = stream ? lastOf(answered).response : told(answered);
    expect(response).toMatchObject({ status: 'completed', store: false });
    state.away = false;
    expect((await get(response.id)).status).toBe(404);
  });

  it('one that must be kept is refused before the model is asked', async () => {
    const { post, state, contexts } = await startFace();
    state.away = true;
    for (const body of [{ store: true }, { store: true, stream: true }, { previous_response_id: 'resp_1' }]) {
      const refused = await post({ input: 'hi', ...body });
      expect(refused.status).toBe(503);
      expect(told(refused).error).toMatchObject({ code: 'storage_unavailable' });
    }
    expect(contexts).toHaveLength(0);
    expect((await post({ input: 'hi', store: false })).status).toBe(200);
  });

  it.each([false, true])('that goes away meanwhile one that must be kept fails (stream: %s)', async (stream) => {
    const face = await startFace(async function* (call, context) {
      face.state.away = true;
      yield* says('Hello')(call, context);
    });
    const answered = await face.post({ input: 'hi', store: true, stream });
    if (!stream) return expect(answered.status).toBe(503);
    expect(answered.text).toContain('event: response.output_item.done');
    expect(lastOf(answered)).toMatchObject({
      type: 'response.failed',
      response: { error: { code: 'storage_unavailable' } },
    });
  });
});

describe('a text that may not leave this machine', () => {
  const local = { 'x-tutti-privacy': 'local' };

  it.each([false, true])('is answered and not kept (stream: %s)', async (stream) => {
    const { post, get } = await startFace();
    const answered = await post({ input: 'hi', stream }, local);
    const response = stream ? lastOf(answered).response : told(answered);
    expect(response).toMatchObject({ status: 'completed', store: false });
    expect((await get(response.id)).status).toBe(404);
  });

  it('is refused if it must be kept', async () => {
    const { post, contexts } = await startFace();
    const refused = await post({ input: 'hi', store: true }, local);
    expect([refused.status, told(refused).error?.param]).toEqual([400, 'store']);
    expect(contexts).toEqual([]);
    expect((await post({ input: 'hi', store: false }, local)).status).toBe(200);
  });
});

it('a conversation that is too long is answered and not kept, or refused if it must be', async () => {
  const { post } = await startFace();
  const input = 'x'.repeat(6_000_000);
  expect(told(await post({ input }))).toMatchObject({ store: false });
  expect(await post({ input, store: true })).toMatchObject({ status: 413 });
});

it('an answer that the store does not take is told all the same', async () => {
  const { post } = await startFace(says('x'.repeat(4_000_000)));
  expect(told(await post({ input: 'hi' }))).toMatchObject({ status: 'completed', store: false });
});

it('items may be named from so many responses only', async () => {
  const { post } = await startFace();
  const input = Array.from({ length: 51 }, (_, index) => ({
    type: 'item_reference',
    id: `msg_${String(index).padStart(32, '0')}_0`,
  }));
  expect(told(await post({ input })).error).toMatchObject({ param: 'input' });
  expect(told(await post({ input: input.slice(1) })).error).toMatchObject({ param: 'input[0].id' });
});

it('at most one tool is asked for, if no more are wanted', async () => {
  const calls = ['a', 'b'].map((id) => ({ id, name: 'f', argumentsJson: '{}' }));
  const { post } = await startFace(async function* () {
    yield delta({ toolCalls: calls });
    yield done({ reason: 'stop' });
  });
  const { output } = JSON.parse((await post({ input: 'hi', parallel_tool_calls: false })).text) as Told;
  expect(output).toMatchObject([{ type: 'function_call', call_id: 'a' }]);
});

it('what is wrong with the messages is wrong with the input', async () => {
  const { post } = await startFace(async function* () {
    throw new ClusterError('context_length_exceeded', 'Too long.');
  });
  expect(told(await post({ input: 'hi' })).error).toMatchObject({ code: 'context_length_exceeded', param: 'input' });
});

it('the tier is the priority', async () => {
  const { post, contexts } = await startFace();
  expect(told(await post({ input: 'hi', service_tier: 'flex' }))).toMatchObject({ service_tier: 'flex' });
  expect(contexts[0]?.priority).toBe(Priority.BATCH);
});

it.each([
  ['limit=0', 'limit'],
  ['order=up', 'order'],
  ['after=nothing', 'after'],
])('refuses a page of %s', async (query, param) => {
  const { post, get } = await startFace();
  const { id } = told(await post({ input: 'hi' }));
  const refused = await get(`${id}/input_items?${query}`);
  expect(refused.status).toBe(400);
  expect(told(refused).error).toMatchObject({ param });
});

it('refuses to stream what is kept', async () => {
  const { post, get } = await startFace();
  const { id } = told(await post({ input: 'hi' }));
  expect(told(await get(`${id}?stream=true`)).error).toMatchObject({ param: 'stream' });
});
