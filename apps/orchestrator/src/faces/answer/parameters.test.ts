import { create } from '@bufbuild/protobuf';
import { delta, done, localPrincipal, ticketMachine, type Generate, type Principal } from '@tutti/core';
import { createCluster, createLearntSampling, dispatched, tuned } from '@tutti/core/cluster';
import { NodeStateSchema } from '@tutti/proto/tutti/agent/v1/state';
import { PerformanceService } from '@tutti/proto/tutti/v1/performance';
import { createLog } from '@tutti/runtime/log';
import { virtualClock } from '@tutti/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startPerformance } from '../../services/performance-rig.fixture.ts';
import { performanceService } from '../../services/performance-service.ts';
import { createAnswer } from './answer.ts';
import { createHttpServer } from '../http/http-server.ts';
import { ollamaFace } from '../ollama/ollama.ts';
import { openaiFace } from '../openai/openai.ts';
import { publicService } from '../rest/rest.ts';

const model = 'hf.co/a/b:Q4_K_M';
const question = { model, stream: false, messages: [{ role: 'user', content: 'Write a poem about the rain.' }] };
const auto = { 'x-tutti-parameters': 'auto' };
const path = `/api/performance/parameters/${encodeURIComponent(model)}`;

/** All faces over one node, which remembers the options that it got. */
async function start() {
  const clock = virtualClock();
  const log = createLog({ service: 'test', level: 'silent' });
  const received: unknown[] = [];
  const node: Generate = async function* ({ optionsJson }) {
    received.push(optionsJson === '' ? undefined : JSON.parse(optionsJson));
    yield delta({ text: 'Drops.' });
    yield done({ reason: 'stop' });
  };
  const cluster = createCluster({ clock, random: () => 0 });
  cluster.report('a', node, create(NodeStateSchema, { models: [{ name: model }], slots: { total: 1, perRunner: 1 } }));
  const sampling = createLearntSampling(() => 0.5);
  const generate = tuned(sampling, dispatched(cluster, clock));
  const app = createHttpServer({ log });
  onTestFinished(() => app.close());
  let principal: Principal = localPrincipal;
  app.addHook('onRequest', async (request) => void (request.principal = principal));
  const answer = createAnswer({ generate, clock, nextTicket: ticketMachine(), enter: () => () => {} });
  ollamaFace(app, { answer, cluster, clock, version: '0' });
  openaiFace(app, { answer, cluster, clock });
  const { why, prewarmer, cache } = startPerformance();
  const service = performanceService({ why, prewarmer, sampling, cluster, cache, clock });
  publicService(app, PerformanceService, service, { clock, log });
  const post = (url: string, changes: object = {}, headers: Record<string, string> = auto) =>
    app.inject({ method: 'POST', url, headers, payload: { ...question, ...changes } });
  const get = (url: string) => app.inject({ method: 'GET', url });
  return { received, post, get, actAs: (changes: Partial<Principal>) => (principal = { ...principal, ...changes }) };
}

describe('a call that leaves its parameters to the cluster', () => {
  it.each(['/api/chat', '/v1/chat/completions'])('gets what the answer says, by POST %s', async (url) => {
    const { received, post } = await start();
    const answer = await post(url);
    expect(answer.statusCode).toBe(200);
    expect(received).toEqual([{ temperature: 0.8, top_p: 0.95 }]);
    expect(answer.headers['x-tutti-parameters']).toBe('creative/varied temperature=0.8 top_p=0.95');
    expect(answer.json()).toMatchObject({ tutti: { parameters: 'creative/varied temperature=0.8 top_p=0.95' } });
  });

  it('keeps what it sets itself', async () => {
    const { received, post } = await start();
    await post('/api/chat', { options: { temperature: 0.1 } });
    await post('/v1/chat/completions', { temperature: 1 });
    const { headers } = await post('/v1/chat/completions', { temperature: 1, top_p: 1 });
    expect(received).toEqual([
      { temperature: 0.1, top_p: 0.95 },
      { temperature: 1, top_p: 0.95 },
      { temperature: 1, top_p: 1 },
    ]);
    expect(headers).not.toHaveProperty('x-tutti-parameters');
  });
});

it('other calls run as ever', async () => {
  const { received, post } = await start();
  const { headers } = await post('/api/chat', {}, {});
  await post('/v1/chat/completions', {}, {});
  expect(received).toEqual([undefined, { temperature: 1, top_p: 1 }]);
  expect(headers).not.toHaveProperty('x-tutti-parameters');
});

describe('GET /api/performance/parameters', () => {
  it('tells what is chosen, and on what evidence', async () => {
    const { post, get } = await start();
    for (const _ of [1, 2]) await post('/api/chat');
    const answer = await get(`${path}/creative`);
    expect([answer.statusCode, answer.json()]).toEqual([
      200,
      {
        ...{ model, taskType: 'creative', preset: 'varied', temperature: 0.8, topP: 0.95 },
        evidence: [
          { preset: 'varied', temperature: 0.8, topP: 0.95, samples: 2, meanReward: 1 },
          { preset: 'even', temperature: 0.5, topP: 0.95, samples: 0 },
          { preset: 'free', temperature: 1, topP: 0.98, samples: 0 },
        ],
      },
    ]);
  });

  it('knows no other task, no model that nobody has, and none that the key may not use', async () => {
    const { get, actAs } = await start();
    const told = async (url: string): Promise<unknown> => {
      const answer = await get(url);
      return [answer.statusCode, answer.json<{ detail: string }>().detail];
    };
    const tasks = 'facts, math, code, creative, extraction, chat';
    expect(await told(`${path}/poetry`)).toEqual([400, `taskType must be one of ${tasks}, got "poetry".`]);
    expect(await told('/api/performance/parameters/none/code')).toEqual([404, expect.stringContaining("'none'")]);
    actAs({ models: ['other'] });
    expect(await told(`${path}/code`)).toEqual([403, expect.stringContaining('may not use')]);
  });
});
