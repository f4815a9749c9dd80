import type { AddressInfo } from 'node:net';
import { localPrincipal } from '@tutti/core';
import type { SamplingTask } from '@tutti/core/cluster';
import { ExecutionState, PatternService } from '@tutti/proto/tutti/v1/pattern';
import { addService, createChannel, createClient, createServer, listen } from '@tutti/rpc';
import { createLog } from '@tutti/runtime/log';
import { systemClock } from '@tutti/runtime';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpServer } from '../faces/http/http-server.ts';
import { publicService } from '../faces/rest/rest.ts';
import { callerWith, startTwoHosts, untilSettled } from '../runs/runs.fixture.ts';
import { patternService } from './pattern-service.ts';

const tally = {
  read: async (taskType: SamplingTask) => {
    return { taskType, debates: 7, disputed: 3, changed: 1, flipsClaimed: 4, flipsAccepted: 2 };
  },
};

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** The service of one host by HTTP, that of another by gRPC; both have one store. */
async function serve() {
  const { a, b, clock, store } = startTwoHosts();
  closers.push(a.runs.close, b.runs.close);
  const log = createLog({ service: 'test', level: 'silent' });
  const app = createHttpServer({ log });
  publicService(app, PatternService, patternService({ runs: a.runs, tally, clock }), { clock: systemClock, log });
  await app.listen({ host: '127.0.0.1', port: 0 });
  closers.push(() => app.close());
  const server = createServer();
  addService(server, PatternService, patternService({ runs: b.runs, tally, clock }));
  const listening = await listen({ server, http: () => {}, host: '127.0.0.1', port: 0 });
  const channel = createChannel(`127.0.0.1:${listening.port}`);
  closers.push(() => (channel.close(), listening.destroy()));
  const grpc = createClient(channel, PatternService, { deadlineMs: 10_000 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
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
  return { a, b, clock, store, grpc, json, text, soon };
}

interface Sent {
  readonly id?: string;
  readonly event?: string;
  readonly data: Record<string, unknown>;
}

function eventsIn(text: string): Sent[] {
  return text
    .split('\n\n')
    .filter((block) => block.startsWith('id:') || block.startsWith('event:') || block.startsWith('data:'))
    .map((block) => {
      const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2)));
      return { ...fields, data: JSON.parse(fields.data as string) } as Sent;
    });
}

const ensemble = { query: 'why?', id: 'my-own-1' };

describe('an ensemble', () => {
  it('is answered with its result', async () => {
    const { json } = await serve();
    const [status, result] = await json('POST', '/api/patterns/ensemble', ensemble);
    expect(status).toBe(200);
    expect(result).toMatchObject({
      ...{ id: 'my-own-1', state: 'COMPLETED', consensusOutput: 'a1 a2 a3', agreement: 1, completions: [] },
      ...{ executionTimeMs: 900, usage: { promptTokens: 15, outputTokens: 9, calls: 3, swaps: 0 }, degraded: [] },
    });
    const [, shown] = await json('GET', '/api/patterns/execution/my-own-1');
    expect(shown).toMatchObject({
      ...{ id: 'my-own-1', pattern: 'ensemble', query: 'why?', state: 'COMPLETED' },
      ...{ budget: { maxCalls: 64 }, spent: { calls: 3 }, result: { consensusOutput: 'a1 a2 a3' } },
      steps: [
        { id: 'first', role: 'member', state: 'COMPLETED', model: 'a', node: 'n1', text: 'a1 a2 a3' },
        { id: 'second', state: 'COMPLETED', model: 'b', usage: { outputTokens: 3 } },
        { id: 'sum', state: 'COMPLETED' },
      ],
    });
    expect(Date.parse(shown.endTime as string) - Date.parse(shown.startTime as string)).toBe(900);
  });

  it('streams its events to whoever wants them, its result last', async () => {
    const { text } = await serve();
    const sent = eventsIn(await text('POST', '/api/patterns/ensemble', ensemble, { accept: 'text/event-stream' }));
    expect(sent[0]).toEqual({
      event: 'started',
      data: { id: 'my-own-1', state: 'RUNNING', pattern: 'ensemble' },
    });
    const events = sent.slice(1, -1);
    expect(events.map(({ event, id, data }) => [event, id, data.seq])).toEqual(
      events.map((_, index) => ['event', String(index + 1), index + 1]),
    );
    expect(events.map(({ data }) => data.type)).toEqual(
      expect.arrayContaining(['started', 'asked', 'said', 'answered', 'noted', 'ended']),
    );
    expect(sent.at(-1)).toMatchObject({ event: 'result', data: { consensusOutput: 'a1 a2 a3' } });
  });

  it('answers with its id at once if asked to, and goes on', async () => {
    const { json } = await serve();
    const [status, first] = await json('POST', '/api/patterns/ensemble', ensemble, { prefer: 'respond-async' });
    expect([status, first]).toEqual([202, { id: 'my-own-1', state: 'RUNNING', pattern: 'ensemble' }]);
    const [again, result] = await json('POST', '/api/patterns/ensemble', ensemble);
    expect([again, result.state]).toEqual([200, 'COMPLETED']);
  });

  it('runs once for an idempotency key, and refuses another question under it', async () => {
    const { json, a } = await serve();
    const once = { 'idempotency-key': 'once' };
    const [, first] = await json('POST', '/api/patterns/ensemble', { query: 'why?' }, once);
    const [, second] = await json('POST', '/api/patterns/ensemble', { query: 'why?' }, once);
    expect(second).toEqual(first);
    expect(a.asked).toHaveLength(3);
    const [status, problem] = await json('POST', '/api/patterns/ensemble', { query: 'what?' }, once);
    expect([status, problem.code]).toEqual([409, 'failed_precondition']);
  });

  it('that the budget has too little for says who has answered instead', async () => {
    const { json } = await serve();
    const [, result] = await json('POST', '/api/patterns/ensemble', { ...ensemble, budget: { maxCalls: 2 } });
    expect(result).toMatchObject({
      ...{ state: 'COMPLETED', consensusOutput: 'a1 a2 a3' },
      degraded: ['The budget has too few calls for ensemble: solo has answered.'],
    });
    const [, shown] = await json('GET', '/api/patterns/execution/my-own-1');
    expect(shown).toMatchObject({ pattern: 'solo', downgradedFrom: 'ensemble' });
  });

  it.each([
    [{ query: 'why?', budget: { maxCalls: 0 } }, 400, 'budget.maxCalls'],
    [{ query: 'why?', id: 'x' }, 400, 'id'],
    [{ query: 'why?', membres: 3 }, 400, 'membres'],
  ])('asked by %j is refused', async (body, status, param) => {
    const { json } = await serve();
    expect(await json('POST', '/api/patterns/ensemble', body)).toMatchObject([status, { param }]);
  });

  it('is not begun without a store, but for whoever does without', async () => {
    const { json, store } = await serve();
    store.away = true;
    expect(await json('POST', '/api/patterns/ensemble', ensemble)).toMatchObject([
      503,
      { code: 'storage_unavailable' },
    ]);
    const [status] = await json('POST', '/api/patterns/ensemble', { ...ensemble, durable: false });
    expect(status).toBe(200);
  });

  it('is kept in no store if its text may not leave this machine', async () => {
    const { json, store } = await serve();
    const ask = (body: object) => json('POST', '/api/patterns/ensemble', body, { 'x-tutti-privacy': 'local' });
    expect(await ask({ ...ensemble, durable: true })).toMatchObject([
      400,
      { code: 'invalid_request', param: 'durable' },
    ]);
    store.away = true;
    expect(await ask(ensemble)).toMatchObject([200, { state: 'COMPLETED' }]);
  });
});

it('a client that comes back to another process misses no event', async () => {
  const { text, grpc, soon } = await serve();
  const path = '/api/patterns/execution/my-own-1/events';
  await text('POST', '/api/patterns/ensemble', ensemble, { prefer: 'respond-async' });
  const all = eventsIn(await text('GET', path));
  const rest = await soon(Array.fromAsync(grpc.streamExecutionEvents({ id: 'my-own-1', after: 4 })));
  expect([1, 2, 3, 4, ...rest.map(({ event }) => event!.seq)]).toEqual(all.map(({ data }) => data.seq));
  expect(all.at(-1)).toMatchObject({ id: String(all.length), data: { type: 'ended', state: 'COMPLETED' } });
  const late = eventsIn(await text('GET', path, undefined, { 'last-event-id': String(all.length - 1) }));
  expect(late).toEqual(all.slice(-1));
  expect(eventsIn(await text('GET', `${path}?after=${all.length - 2}`))).toEqual(all.slice(-2));
  expect(await text('GET', path, undefined, { 'last-event-id': 'x' })).toContain('Last-Event-ID');
});

it('a person is asked by one process and answers another', async () => {
  const { json, grpc, soon, clock } = await serve();
  await json('POST', '/api/patterns/debate', { query: 'may I?', id: 'my-own-2' }, { prefer: 'respond-async' });
  await clock.advance(10);
  const { execution } = await soon(grpc.getExecution({ id: 'my-own-2' }));
  expect(execution).toMatchObject({
    state: ExecutionState.WAITING,
    steps: [{ id: 'may-i', state: 'WAITING', question: { prompt: 'May I?', expiresMs: 600_000 } }],
  });
  const value = { kind: { case: 'boolValue' as const, value: true } };
  await soon(grpc.answerExecution({ id: 'my-own-2', step: 'may-i', value }));
  const [, result] = await json('POST', '/api/patterns/debate', { query: 'may I?', id: 'my-own-2' });
  expect(result).toMatchObject({
    ...{ state: 'COMPLETED', finalSynthesis: 'true', debateMessages: [] },
    tally: { debates: 7, disputed: 3, changed: 1, flipsClaimed: 4, flipsAccepted: 2 },
  });
  expect(await json('GET', '/api/patterns/execution/my-own-2')).toMatchObject([
    200,
    { state: 'COMPLETED', result: { text: 'true', tally: { taskType: 'chat', debates: 7, changed: 1 } } },
  ]);
  const answer = await json('POST', '/api/patterns/execution/my-own-2/human/may-i', { value: false });
  expect(answer).toMatchObject([409, { code: 'failed_precondition' }]);
});

it('a run is cancelled, twice, by REST and by gRPC, with what there is', async () => {
  const { json, grpc, soon, clock } = await serve();
  await json('POST', '/api/patterns/ensemble', ensemble, { prefer: 'respond-async' });
  await clock.advance(400);
  const [status, cancelled] = await json('POST', '/api/patterns/execution/my-own-1/cancel');
  expect([status, cancelled]).toMatchObject([200, { state: 'CANCELLED', result: { text: 'a1 a2 a3' } }]);
  const { execution } = await soon(grpc.cancelExecution({ id: 'my-own-1' }));
  expect(execution?.state).toBe(ExecutionState.CANCELLED);
  const [, result] = await json('POST', '/api/patterns/ensemble', ensemble);
  expect(result).toMatchObject({ state: 'CANCELLED', consensusOutput: 'a1 a2 a3' });
});

it('a maestro is run by gRPC, and found in the list of another process, by Connect', async () => {
  const { json, grpc, soon } = await serve();
  const parts = await soon(Array.fromAsync(grpc.runMaestro({ query: 'plan it' })));
  expect(parts.map(({ kind }) => kind.case)).toEqual(['started', ...parts.slice(1, -1).map(() => 'event'), 'result']);
  expect(parts.at(-1)!.kind).toMatchObject({ value: { finalOutput: 'a1 a2 a3', state: ExecutionState.COMPLETED } });
  await json('POST', '/api/patterns/ensemble', ensemble);
  const connect = '/tutti.v1.PatternService/ListExecutions';
  const [, page] = await json('POST', connect, { pageSize: 1 });
  expect(page).toMatchObject({ executions: [{ id: 'my-own-1', state: 'EXECUTION_STATE_COMPLETED' }] });
  const [, next] = await json('POST', connect, { pageSize: 1, pageToken: page.nextPageToken });
  expect(next).toMatchObject({ executions: [{ pattern: 'maestro', query: 'plan it' }] });
  const found = await json('GET', '/api/patterns/executions?pattern=ensemble&state=COMPLETED');
  expect(found).toMatchObject([200, { executions: [{ id: 'my-own-1' }], nextPageToken: '' }]);
  const none = await json('GET', '/api/patterns/executions?state=FAILED');
  expect(none[1].executions).toEqual([]);
});

it('the fixture of a run is its journal, without who ran it', async () => {
  const { json, a, soon } = await serve();
  const { id, ended } = await a.runs.start({ pattern: 'solo', body: { query: 'q' }, caller: callerWith() });
  await soon(ended(new AbortController().signal));
  const [, fixture] = await json('GET', `/api/patterns/execution/${id}/fixture`);
  const entries = await a.runs.read(id, localPrincipal.id);
  expect(fixture).toMatchObject({ id, pattern: 'solo', entries: entries.slice(1) && expect.any(Array) });
  const [first, ...rest] = fixture.entries as Record<string, unknown>[];
  expect(rest).toEqual(entries.slice(1));
  expect(Object.keys(first!.event as object).toSorted()).toEqual(['budget', 'input', 'pattern', 'type']);
});

it('a run that nobody has is not found, whatever is asked', async () => {
  const { json } = await serve();
  for (const [method, path] of [
    ['GET', ''],
    ['GET', '/events'],
    ['GET', '/fixture'],
    ['POST', '/cancel'],
  ] as const) {
    const answer = await json(method, `/api/patterns/execution/no-such-run${path}`);
    expect(answer).toMatchObject([404, { code: 'not_found', param: 'id' }]);
  }
});

it.each(['01234567-turn-2', '01234567-run-1'])('the id %j is not for clients', async (id) => {
  const { json, a } = await serve();
  const answer = await json('POST', '/api/patterns/ensemble', { query: 'why?', id });
  expect(answer).toMatchObject([400, { detail: expect.stringMatching(/^id must not end with "-turn-"/) as string }]);
  await expect(a.runs.find(id, localPrincipal.id)).rejects.toMatchObject({ reason: 'not_found' });
});
