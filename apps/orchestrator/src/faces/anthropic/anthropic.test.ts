import { create } from '@bufbuild/protobuf';
import {
  ClusterError,
  delta,
  done,
  localPrincipal,
  textDelta,
  ticketMachine,
  type Call,
  type Generate,
} from '@tutti/core';
import { createCluster, createEstimates, dispatched } from '@tutti/core/cluster';
import { NodeStateSchema } from '@tutti/proto/tutti/agent/v1/state';
import { createLog } from '@tutti/runtime/log';
import { virtualClock } from '@tutti/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAnswer } from '../answer/answer.ts';
import { anthropicFace } from './anthropic.ts';
import { createHttpServer } from '../http/http-server.ts';

/** The face over one node that the test scripts; it has the model "m". */
function faceOver(node: Generate, capabilities: readonly string[] = []) {
  const clock = virtualClock();
  const cluster = createCluster({ clock, random: () => 0 });
  cluster.report('a', node, create(NodeStateSchema, { models: [{ name: 'm', capabilities: [...capabilities] }] }));
  const app = createHttpServer({ log: createLog({ service: 'test', level: 'silent' }) });
  onTestFinished(() => app.close());
  app.addHook('onRequest', async (request) => void (request.principal = localPrincipal));
  const generate = dispatched(cluster, clock);
  const modelOf = (name: string): string => (name === 'alias' ? 'm' : name);
  const answer = createAnswer({ generate, clock, nextTicket: ticketMachine(), enter: () => () => {}, modelOf });
  anthropicFace(app, { answer, cluster, estimates: createEstimates(), modelOf });
  const messages = [{ role: 'user', content: 'Say hello, please.' }];
  const post = (changes: object = {}, path = '/v1/messages') =>
    app.inject({ method: 'POST', url: path, payload: { model: 'm', messages, max_tokens: 10, ...changes } });
  return { clock, post };
}

const stop = done({ reason: 'stop', usage: { promptTokens: 70, outputTokens: 2 } });

describe('a message', () => {
  it('asks for one tool only, if the client can do no more', async () => {
    const calls = ['a', 'b'].map((name, index) => ({ index, name, argumentsJson: '{}' }));
    const { post } = faceOver(async function* () {
      yield delta({ toolCalls: calls });
      yield stop;
    });
    const tools = [{ name: 'a', input_schema: { type: 'object' } }];
    const asked = async (choice: object): Promise<number> =>
      (await post({ tools, tool_choice: choice })).json<{ content: object[] }>().content.length;
    expect(await asked({ type: 'auto' })).toBe(2);
    expect(await asked({ type: 'auto', disable_parallel_tool_use: true })).toBe(1);
  });

  it('tells which text stopped it, where the backend does', async () => {
    const { post } = faceOver(async function* () {
      yield textDelta('hi');
      yield done({ reason: 'stop', extraJson: '{"stop_sequence":"END"}' });
    });
    expect((await post({ stop_sequences: ['END'] })).json()).toMatchObject({
      stop_reason: 'stop_sequence',
      stop_sequence: 'END',
    });
  });

  it.each<[string, readonly string[], object, string | undefined]>([
    ['unasked, a model that can', ['completion', 'thinking'], {}, 'false'],
    ['unasked, a model that cannot', ['completion'], {}, undefined],
    [
      'allowed, a model that can',
      ['completion', 'thinking'],
      { thinking: { type: 'enabled', budget_tokens: 1_024 } },
      'true',
    ],
    [
      'allowed, a model that cannot',
      ['completion'],
      { thinking: { type: 'enabled', budget_tokens: 1_024 } },
      undefined,
    ],
    ['allowed, a model nobody knows', [], { thinking: { type: 'enabled', budget_tokens: 1_024 } }, 'true'],
    ['left to it', ['completion', 'thinking'], { thinking: { type: 'adaptive' } }, undefined],
    ["in Ollama's words", ['completion'], { think: 'high' }, 'high'],
  ])('whether to think: %s', async (_, capabilities, changes, think) => {
    let sent: Call | undefined;
    const { post } = faceOver(async function* (call) {
      sent = call;
      yield stop;
    }, capabilities);
    await post({ max_tokens: 2_000, ...changes });
    expect(sent?.think).toBe(think);
  });
});

describe('a stream', () => {
  it('begins with as many tokens as are counted beforehand, and ends with those it took', async () => {
    const { post } = faceOver(async function* () {
      yield textDelta('hi');
      yield stop;
    });
    const { body } = await post({ stream: true });
    const counted = (await post({}, '/v1/messages/count_tokens')).json<{ input_tokens: number }>();
    const told = [...body.matchAll(/"input_tokens":(\d+)/g)].map(([, count]) => Number(count));
    expect(told).toEqual([counted.input_tokens, 70]);
    expect(counted).toEqual({ input_tokens: expect.any(Number) as number, estimated: true });
  });

  it('that waits for long says that it lives', async () => {
    const waiting = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const { clock, post } = faceOver(async function* () {
      begun.resolve();
      await waiting.promise;
      yield textDelta('hi');
      yield stop;
    });
    const answer = post({ stream: true });
    await begun.promise;
    for (let second = 0; second < 60; second += 5) await clock.advance(5_000);
    waiting.resolve();
    const { body } = await answer;
    expect(body).toMatch(/^event: ping\ndata: \{"type":"ping"\}\n\n/);
    expect(body).toMatch(/event: message_stop\n/);
  });

  it('that breaks off ends with an error, under the id of its request', async () => {
    const { post } = faceOver(async function* () {
      yield textDelta('hi');
      throw new ClusterError('overloaded', 'busy');
    });
    const { body, headers } = await post({ stream: true });
    const last = body.trimEnd().split('\n\n').at(-1)!;
    expect(last).toMatch(/^event: error\n/);
    expect(JSON.parse(last.split('data: ')[1]!)).toEqual({
      type: 'error',
      error: { type: 'overloaded_error', message: 'busy' },
      request_id: headers['request-id'],
    });
    expect(body).not.toContain('message_stop');
  });
});

describe('counting', () => {
  it('knows other names of a model', async () => {
    const { post } = faceOver(async function* () {});
    expect((await post({ model: 'alias' }, '/v1/messages/count_tokens')).statusCode).toBe(200);
    expect((await post({ model: 'nope' }, '/v1/messages/count_tokens')).statusCode).toBe(404);
  });
});

it('a full cluster is 529', async () => {
  const { post } = faceOver(async function* () {
    throw new ClusterError('overloaded', 'busy', { retryAfterMs: 2_000 });
  });
  const { statusCode, headers } = await post();
  expect([statusCode, headers['retry-after'], headers['x-should-retry']]).toEqual([529, '2', 'true']);
});
