import { ClusterError, localPrincipal, Priority, type Principal } from '@tutti/core';
import type { NodeFacts } from '@tutti/core/cluster';
import { Verb, type VerbRequest } from '@tutti/proto/tutti/agent/v1/model';
import type { ExplainRequestRequest, PrewarmRequest } from '@tutti/proto/tutti/v1/performance';
import type { HandlerContext } from '@tutti/rpc';
import { describe, expect, it } from 'vitest';
import { decisionOf, demandOf, optionOf } from '../observation/decisions.fixture.ts';
import { startPerformance, type Load } from './performance-rig.fixture.ts';

const withModel = { models: [{ name: 'm' }] };

function as(principal: Partial<Principal>): HandlerContext {
  return { principal: { ...localPrincipal, ...principal } } as HandlerContext;
}

/** Loads as an agent does, and remembers what it was asked for. */
function loader(result: object = { load_ms: 1_200, num_ctx: 8_192, evicted: ['old:latest'] }) {
  const requests: VerbRequest[] = [];
  const load: Load = async function* (request) {
    requests.push(request);
    yield JSON.stringify({ status: 'loading', elapsed_ms: 0 });
    yield JSON.stringify({ status: 'success', ...result });
  };
  return { load, requests };
}

describe('prewarm', () => {
  it('loads where it costs others least, and says where, how long, and who made room', async () => {
    const { client, addNode, offer, prepared } = startPerformance();
    const { load, requests } = loader();
    for (const name of ['a', 'b', 'c']) addNode(name, withModel, load);
    const evict = ['old:latest'];
    offer(
      optionOf('a', { loadMs: 900, evictionMs: 5_000 }, { evict }),
      optionOf('b', { loadMs: 2_000, evictionMs: 300 }, { evict, numCtx: 8_192 }),
      optionOf('c', { loadMs: 900 }, { evict, evictsBusy: true }),
    );
    expect(await client.prewarm({ model: 'm' })).toMatchObject({
      ...{ model: 'm:latest', node: 'b', loadMs: 1_200, resident: false, numCtx: 8_192, evicted: ['old:latest'] },
    });
    expect(requests.map(({ verb, bodyJson }) => [verb, JSON.parse(bodyJson)])).toEqual([
      [Verb.LOAD, { model: 'm:latest', num_ctx: 8_192, evict }],
    ]);
    expect(prepared).toEqual([['b', true]]);
  });

  it('goes to the node and asks for the context length that are named', async () => {
    const { client, addNode, offer, asked } = startPerformance();
    addNode('a', withModel, loader().load);
    addNode('b', { models: [{ name: 'm', capabilities: ['embedding'] }] }, loader({ load_ms: 0 }).load);
    offer(optionOf('a'), optionOf('b', { loadMs: 5 }, { numCtx: 4_096 }));
    const answer = await client.prewarm({ model: 'm', node: 'b', numCtx: 4_096 });
    expect(answer).toMatchObject({ node: 'b', resident: true, loadMs: 0, numCtx: 4_096, evicted: [] });
    expect(asked).toMatchObject([
      { call: { model: 'm:latest', kind: { case: 'embed' }, numCtx: { preferred: 4_096 } }, context: { pin: 'b' } },
    ]);
  });

  it('takes the time itself where the node does not tell it', async () => {
    const { client, addNode, offer, clock } = startPerformance();
    addNode('a', withModel, async function* () {
      await new Promise<void>((resolve) => void clock.after(700, resolve));
      yield '{"done_reason":"load"}';
    });
    offer(optionOf('a', { loadMs: 5 }));
    const answer = client.prewarm({ model: 'm' });
    await clock.advance(700);
    expect(await answer).toMatchObject({ loadMs: 700, resident: false });
  });

  it('loads once for many who ask at the same time', async () => {
    const { client, addNode, offer, clock } = startPerformance();
    let loads = 0;
    addNode('a', withModel, async function* () {
      loads += 1;
      await new Promise<void>((resolve) => void clock.after(700, resolve));
      offer(optionOf('a'));
      yield JSON.stringify({ load_ms: loads === 1 ? 700 : 0 });
    });
    offer(optionOf('a', { loadMs: 5 }));
    const answers = Promise.all([1, 2, 3].map(() => client.prewarm({ model: 'm' })));
    await clock.advance(700);
    await expect.poll(() => loads).toBe(2);
    await clock.advance(700);
    await expect.poll(() => loads).toBe(3);
    await clock.advance(700);
    expect((await answers).map(({ resident }) => resident)).toEqual([false, true, true]);
  });

  it('knows no model that nobody has, and no node that is not there', async () => {
    const { client, addNode } = startPerformance();
    addNode('a', withModel);
    addNode('b', {});
    await expect(client.prewarm({})).rejects.toMatchObject({ reason: 'invalid_request', param: 'model' });
    await expect(client.prewarm({ model: 'x' })).rejects.toMatchObject({ reason: 'model_not_found' });
    await expect(client.prewarm({ model: 'm', node: 'z' })).rejects.toMatchObject({ reason: 'not_found' });
    await expect(client.prewarm({ model: 'm', node: 'b' })).rejects.toMatchObject({
      reason: 'model_not_found',
      message: expect.stringMatching(/Node b has no model "m:latest"\. It is on a; "tutti pull m:latest --node b"/),
    });
    for (const numCtx of [0, -1, 2 ** 31 - 1])
      await expect(client.prewarm({ model: 'm', numCtx })).rejects.toMatchObject({ param: 'numCtx' });
  });

  it('says why it cannot be', async () => {
    const { client, addNode, exclude } = startPerformance();
    addNode('a', withModel);
    exclude({ node: 'a', reason: 'it needs 43 GB of 22 GB' }, { node: 'b', reason: 'it is cordoned' });
    await expect(client.prewarm({ model: 'm' })).rejects.toMatchObject({
      reason: 'failed_precondition',
      message: '"m:latest" cannot be loaded on any node now. a: it needs 43 GB of 22 GB; b: it is cordoned.',
    });
    addNode('b', withModel, undefined, false);
    await expect(client.prewarm({ model: 'm', node: 'b' })).rejects.toMatchObject({
      reason: 'no_healthy_node',
      message: '"m:latest" cannot be loaded on node b now. b: it is cordoned.',
      retryAfterMs: 5_000,
    });
  });

  it('tells what a node refuses, and can be asked again', async () => {
    const { client, addNode, offer, prepared } = startPerformance();
    const answers = [
      new ClusterError('no_slot', 'busy'),
      new ClusterError('not_implemented', 'the echo loads nothing'),
      undefined,
    ];
    addNode('a', withModel, async function* () {
      const error = answers.shift();
      if (error) throw error;
      yield '{"load_ms":1}';
    });
    offer(optionOf('a', { loadMs: 5 }), optionOf('gone'));
    const ask = () => client.prewarm({ model: 'm', node: 'a' });
    await expect(ask()).rejects.toMatchObject({
      reason: 'overloaded',
      message: expect.stringContaining('loading another model'),
    });
    await expect(ask()).rejects.toMatchObject({ reason: 'not_implemented' });
    expect(await ask()).toMatchObject({ loadMs: 1 });
    expect(prepared.map(([, loaded]) => loaded)).toEqual([false, false, true]);
    addNode('gone', withModel);
    await expect(client.prewarm({ model: 'm', node: 'gone' })).rejects.toMatchObject({ reason: 'no_healthy_node' });
  });

  it('is not for a key that may not use the model', async () => {
    const { service, addNode } = startPerformance();
    addNode('a', withModel);
    const request = { model: 'm', node: '' } as PrewarmRequest;
    await expect(service.prewarm(request, as({ models: ['other*'] }))).rejects.toMatchObject({ reason: 'forbidden' });
  });
});

describe('why', () => {
  const parts = { waitMs: 5, loadMs: 0, prefillMs: 30, decodeMs: 400, evictionMs: 0 };

  it('tells what was weighed, what was chosen, and what came of it', async () => {
    const { client, pass, why } = startPerformance();
    const going = pass({
      ...{ id: 'r1', node: 'a', queueMs: 10, firstMs: 90, restMs: 300 },
      done: { usage: { promptTokens: 110, cachedTokens: 64, outputTokens: 40 }, timings: { loadMs: 2_000 } },
    });
    const evict = ['old:latest'];
    const load = optionOf('b', { loadMs: 4_000, decodeMs: 200 }, { numCtx: 8_192, evict, startable: false });
    why.decided(
      decisionOf([optionOf('a', parts, { cachedTokens: 63.7 }), load], {
        ...{ decidedAt: 10, demand: demandOf({ promptTokens: 99.6 }) },
        exclusions: [{ node: 'c', reason: 'it is cordoned' }],
      }),
    );
    expect((await client.explainRequest({ requestId: 'r1' })).outcome).toBeUndefined();
    await going;
    expect(await client.explainRequest({ requestId: 'r1' })).toMatchObject({
      ...{ requestId: 'r1', model: 'm', arrivedAt: '2026-01-01T00:00:00.000Z' },
      ...{ promptTokens: 100, expectedOutputTokens: 50 },
      choices: [
        {
          ...{ attempt: 1, node: 'a', policy: 'cost', reason: 'best', afterMs: 10 },
          candidates: [
            { node: 'a', kind: 'resident', totalMs: 435, ...parts, cachedTokens: 64, startable: true, evict: [] },
            { node: 'b', kind: 'load', totalMs: 4_200, loadMs: 4_000, numCtx: 8_192, evict, startable: false },
          ],
          excluded: [{ node: 'c', reason: 'it is cordoned' }],
          otherwise: expect.stringMatching(/^b would have been chosen had it loaded the model/),
        },
      ],
      outcome: {
        ...{ status: 'ok', node: 'a', attempts: 1, queueMs: 10, firstTokenMs: 100, totalMs: 400, loadMs: 2_000 },
        ...{ promptTokens: 110, cachedTokens: 64, outputTokens: 40 },
      },
    });
  });

  it('tells of a request that failed, that nobody could serve, that its client left', async () => {
    const { client, pass } = startPerformance();
    await pass({ id: 'failed', node: 'a', queueMs: 5, restMs: 5, error: 'upstream_error' });
    await pass({ id: 'nobody', queueMs: 7, error: 'model_not_found' });
    await pass({ id: 'left', node: 'a', error: 'client_closed' });
    const outcome = async (requestId: string) => (await client.explainRequest({ requestId })).outcome;
    expect(await outcome('failed')).toMatchObject({ status: 'upstream_error', node: '', attempts: 1, totalMs: 10 });
    expect(await outcome('nobody')).toMatchObject({ status: 'model_not_found', node: '', attempts: 0, queueMs: 7 });
    expect(await outcome('left')).toMatchObject({ status: 'client_closed' });
  });

  it('is for whoever asked, and for operators', async () => {
    const { service, pass } = startPerformance();
    await pass({ id: 'r1', node: 'a' });
    const ask = (requestId: string, principal: Partial<Principal>) =>
      service.explainRequest({ requestId } as ExplainRequestRequest, as(principal));
    const refusal = { reason: 'not_found', message: expect.stringMatching(/^No request "\w+" is known here\./) };
    expect(await ask('r1', { id: 'key1', role: 'user' })).toMatchObject({ requestId: 'r1' });
    expect(await ask('r1', { id: 'key2', role: 'operator' })).toMatchObject({ requestId: 'r1' });
    await expect(ask('r1', { id: 'key2', role: 'user' })).rejects.toMatchObject(refusal);
    await expect(ask('r1', { id: 'key2', role: 'viewer' })).rejects.toMatchObject(refusal);
    await expect(ask('r2', {})).rejects.toMatchObject(refusal);
  });
});

it('cache stats tell how many answers were given again, and no rate of nothing', async () => {
  const { client, cache } = startPerformance();
  const none = await client.getCacheStats({});
  expect(none).toMatchObject({ hits: 0, misses: 0, bypassed: 0, entries: 0, bytes: 0, evicted: 0, savedTokens: 0 });
  expect(none.hitRate).toBeUndefined();
  for (const outcome of ['hit', 'hit', 'hit', 'miss', 'bypass'] as const) cache.count(outcome);
  cache.countSaved(30);
  cache.memory.set('k', new Uint8Array(100), 100);
  const some = { hits: 3, misses: 1, bypassed: 1, hitRate: 0.75, entries: 1, bytes: 356, savedTokens: 30 };
  expect(await client.getCacheStats({})).toMatchObject(some);
});

describe('batch stats', () => {
  it('add up what nodes spared their backends, and tell calls by loads', async () => {
    const { client, addNode } = startPerformance();
    addNode('a', { embedBatches: { calls: 30, requests: 10, inputs: 60, largest: 8 } });
    addNode('b', { embedBatches: { calls: 2, requests: 2, inputs: 2, largest: 1 } });
    addNode('c', {});
    expect(await client.getBatchStats({})).toMatchObject({
      embed: { calls: 32, requests: 12, inputs: 62, meanCalls: 32 / 12, largest: 8 },
      model: { calls: 12, loads: 3, callsPerLoad: 4, reloadsAvoided: 2 },
    });
  });

  it('divide by nothing where there was nothing', async () => {
    const { client, cluster } = startPerformance();
    cluster.placements = { calls: 0, loads: 0, reloadsAvoided: 0 };
    const { embed, model } = await client.getBatchStats({});
    expect([embed?.meanCalls, model?.callsPerLoad]).toEqual([0, undefined]);
  });
});

describe('the trace', () => {
  it('has the calls that were answered, without their words, and what was learnt of the nodes', async () => {
    const { client, pass, why, facts, clock } = startPerformance();
    await clock.advance(5_000);
    const prefix = [{ hash: 7, tokens: 50 }];
    for (const [id, tenant] of [
      ['r1', 'key1'],
      ['r2', 'key1'],
      ['failed', 'key1'],
    ] as const) {
      const going = pass({
        ...{ id, node: 'a', restMs: 1_000, kind: id === 'r2' ? 'embed' : 'chat' },
        ...(id === 'failed' ? { error: 'upstream_error' as const } : { done: { usage: { outputTokens: 40 } } }),
      });
      const demand = demandOf({ tenant, prefix, numCtx: 4_096, priority: Priority.BATCH });
      why.decided(decisionOf([optionOf('a')], { requestId: id, demand }));
      await going;
    }
    await pass({ id: 'never chosen for' });
    facts.push(factsOf());
    const trace = await client.getTrace({ windowMs: 60_000 });
    const call = { model: 'm', priority: 'batch', tenant: 0, promptTokens: 100, outputTokens: 40, numCtx: 4_096 };
    expect(trace).toMatchObject({
      windowMs: 60_000,
      calls: [
        { ...call, atMs: 57_000, embed: false, prefix: 0, prefixTokens: 50 },
        { ...call, atMs: 58_000, embed: true, prefix: 0, prefixTokens: 50 },
      ],
      nodes: [
        {
          ...{ name: 'a', slots: 4, slotsPerRunner: 2, memoryBytes: 24e9 },
          models: [
            {
              ...{ model: 'm:latest', sizeBytes: 5e9, contextLength: 8_192, bytesPerToken: 100 },
              ...{ prefillPerSecond: 1_000, decodePerSecond: 40, loadMs: 3_000 },
            },
          ],
        },
      ],
    });
  });

  it('goes back an hour at most', async () => {
    const { client } = startPerformance();
    expect((await client.getTrace({})).windowMs).toBe(3_600_000);
    await expect(client.getTrace({ windowMs: 3_600_001 })).rejects.toMatchObject({ param: 'windowMs' });
  });
});

function factsOf(): NodeFacts {
  const model = { name: 'm:latest', digest: '', sizeBytes: 5e9, trainedContext: 8_192, capabilities: [] };
  return {
    ...{ name: 'a', ready: true, full: false, slots: 4, slotsPerRunner: 2, zombies: 0, memoryBytes: 24e9 },
    ...{ maxRunners: undefined, models: new Map([[model.name, model]]), runners: [], calls: [], prompts: new Map() },
    ...{ sameMachine: true, attributes: {}, readySince: 0 },
  };
}
