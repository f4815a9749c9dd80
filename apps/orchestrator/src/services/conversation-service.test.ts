import { create } from '@bufbuild/protobuf';
import { ClusterError, localPrincipal } from '@tutti/core';
import { ConversationService, ConversationState, SendMessageRequestSchema } from '@tutti/proto/tutti/v1/conversation';
import type { HandlerContext } from '@tutti/rpc';
import { expect, it } from 'vitest';
import { startConversationRig, type Say } from './conversation-rig.fixture.ts';
import { serveGrpc } from './served.fixture.ts';

const noSteps: Say = (_texts, schema) => (schema ? '{"steps": []}' : 'a plain answer');

/** One specialist, who wants to use a tool before it says something. */
const withTool =
  (name: string, args: object): Say =>
  (texts, schema) => {
    if (schema) return '{"steps": [{"specialist": "reasoning", "instruction": "count it"}]}';
    const all = texts.join('\n');
    if (!all.includes('Your part: count it')) return 'the final answer';
    const output = /<output-\w+-\w+>\n([^\n]*)/.exec(all)?.[1];
    return output === undefined ? JSON.stringify({ name, arguments: args }) : `it is ${output}`;
  };

/** A conversation whose first turn has begun. */
async function begun(say: Say, tools: string[] = []) {
  const rig = await startConversationRig(say);
  const [status, conversation] = await rig.json('POST', '', { query: 'What is it?', tools });
  expect([status, conversation.code]).toEqual([200, undefined]);
  const path = `/${conversation.id as string}`;
  const get = async () => (await rig.json('GET', path))[1];
  /** As it is when its turn has ended. */
  const idle = async () => {
    for (let steps = 0; steps < 100; steps++) {
      const found = await get();
      if (found.state !== 'RUNNING') return found;
      await rig.clock.advance(200);
    }
    throw new Error('the turn does not end');
  };
  return { ...rig, conversation, path, get, idle };
}

const words = (found: Record<string, unknown>) =>
  (found.messages as { role: string; content: string; specialist?: string }[]).map(
    ({ role, specialist, content }) => `${specialist ?? role}: ${content}`,
  );

it('begins at once, and its first turn is answered', async () => {
  const { conversation, idle } = await begun(noSteps);
  expect(conversation).toMatchObject({ state: 'RUNNING', title: 'What is it?' });
  const found = await idle();
  expect(found).toMatchObject({ state: 'IDLE', executionId: `${conversation.id as string}-turn-1` });
  expect(words(found)).toEqual(['user: What is it?', 'assistant: a plain answer']);
});

it('keeps no text that may not leave this machine', async () => {
  const { json, path, idle } = await begun(noSteps);
  await idle();
  const local = { 'x-tutti-privacy': 'local' };
  const refusal = [400, { code: 'invalid_request', param: 'x-tutti-privacy' }];
  expect(await json('POST', '', { query: 'What is it?' }, local)).toMatchObject(refusal);
  expect(await json('POST', `${path}/messages`, { content: 'And that?' }, local)).toMatchObject(refusal);
});

it('tells which specialist said what, and which tools it used', async () => {
  const { idle } = await begun(withTool('calculator', { expression: '6 * 7' }), ['calculator']);
  const found = await idle();
  expect(words(found)).toEqual(['user: What is it?', 'reasoning: it is 42', 'assistant: the final answer']);
  expect((found.messages as object[])[1]).toMatchObject({
    model: 'm',
    toolUses: [{ tool: 'calculator', arguments: '{"expression":"6 * 7"}', outcome: 'done', output: '42' }],
  });
});

it('goes on with the next message, which remembers those before', async () => {
  const { json, path, idle, prompts, documents, conversation } = await begun(noSteps);
  await idle();
  const [status, turn] = await json('POST', `${path}/messages`, { content: 'And why?' });
  expect([status, turn]).toMatchObject([200, { id: conversation.id, state: 'IDLE', content: 'a plain answer' }]);
  expect(words(turn)).toEqual(['user: And why?', 'assistant: a plain answer']);
  expect(prompts.at(-1)).toMatch(/about:\nWhat is it\?[^]*What is it\?\na plain answer\nAnd why\?$/);
  expect(words(await idle())).toHaveLength(4);
  expect(await documents.find(conversation.id as string, 0)).toMatchObject({ document: { turns: 2 } });
});

it('remembers answers, and not what specialists said for them', async () => {
  const { json, path, idle, prompts } = await begun(withTool('calculator', { expression: '6 * 7' }), ['calculator']);
  await idle();
  const before = prompts.length;
  await json('POST', `${path}/messages`, { content: 'And why?' });
  expect(prompts[before]).toContain('What is it?\nthe final answer\nAnd why?');
  expect(prompts[before]).not.toContain('it is 42');
});

it('streams a turn, which ends with what was said', async () => {
  const { text, path, idle } = await begun(noSteps);
  await idle();
  const sent = await text('POST', `${path}/messages`, { content: 'And why?' }, { accept: 'text/event-stream' });
  const kinds = [...sent.matchAll(/^event: (\w+)/gm)].map(([, kind]) => kind);
  expect([kinds[0], kinds[1], kinds.at(-1)]).toEqual(['started', 'event', 'turn']);
  expect(sent).toContain('"voice":"answer"');
});

it('takes one message at a time', async () => {
  const { json, path, idle, conversation } = await begun(noSteps);
  const early = await json('POST', `${path}/messages`, { content: 'And why?' });
  expect(early).toMatchObject([409, { code: 'failed_precondition', retry_after_ms: 2_000 }]);
  expect((early[1] as { detail: string }).detail).toBe(
    `A conversation takes one message at a time, and its turn "${conversation.id as string}-turn-1" goes on. Say this again after its end.`,
  );
  await idle();
  const prefer = { prefer: 'respond-async' };
  const [status, started] = await json('POST', `${path}/messages`, { content: 'And why?' }, prefer);
  expect([status, started]).toMatchObject([202, { id: `${conversation.id as string}-turn-2` }]);
  expect(await json('POST', `${path}/messages`, { content: 'And why?' })).toMatchObject([409, {}]);
  expect(words(await idle())).toHaveLength(4);
});

it.each([
  [true, 'it is gone', 1],
  [false, 'it is The user does not allow it.', 0],
])('asks a person before a tool that needs it: %s', async (value, said, times) => {
  const { json, path, get, idle, used, clock } = await begun(withTool('danger', { what: 'all' }), ['danger']);
  const found = await idle();
  expect(found).toMatchObject({
    state: 'WAITING',
    questions: [{ question: { effect: { tool: 'danger', arguments: { what: 'all' } } } }],
  });
  const [{ step }] = found.questions as [{ step: string }];
  expect(await json('GET', '')).toMatchObject([200, { conversations: [{ state: 'WAITING' }] }]);
  const [status, refused] = await json('POST', `${path}/messages`, { content: 'And why?' });
  expect([status, refused.retry_after_ms]).toEqual([409, undefined]);
  expect(refused.detail).toContain(`answer its step "${step}" first`);
  expect(await json('POST', `${path}/human/${step}`, { value: 'sure' })).toMatchObject([400, { param: 'value' }]);
  expect(await json('POST', `${path}/human/${step}x`, { value })).toMatchObject([409, {}]);
  expect((await json('POST', `${path}/human/${step}`, { value }))[0]).toBe(200);
  expect(await json('POST', `${path}/human/${step}`, { value })).toMatchObject([409, {}]);
  await clock.advance(2_000);
  expect(words(await get())).toContain(`reasoning: ${said}`);
  expect(used).toHaveLength(times);
});

it('waits for a person through a restart, and is answered by the next process', async () => {
  const { path, idle, stop, startProcess, clock, used, asked } = await begun(withTool('danger', {}), ['danger']);
  const { questions } = await idle();
  const [{ step }] = questions as [{ step: string }];
  await stop();
  const { json } = await startProcess('b');
  await clock.advance(5_000);
  expect((await json('POST', `${path}/human/${step}`, { value: true }))[0]).toBe(200);
  await clock.advance(5_000);
  const [, found] = await json('GET', path);
  expect(words(found)).toEqual(['user: What is it?', 'reasoning: it is gone', 'assistant: the final answer']);
  expect([used.length, asked.filter((id) => id === 'plan').length]).toEqual([1, 1]);
});

it('whose turn fails says why, and goes on', async () => {
  let broken = true;
  const { json, path, idle } = await begun((texts, schema) => {
    if (schema) return '{"steps": []}';
    return broken ? new ClusterError('upstream_error', 'it broke') : `it works: ${texts.at(-1)}`;
  });
  const found = await idle();
  expect((found.messages as object[]).at(-1)).toMatchObject({ content: '', error: { code: 'upstream_error' } });
  expect(await json('POST', `${path}/messages`, { content: 'Again' })).toMatchObject([502, { code: 'upstream_error' }]);
  broken = false;
  const [, turn] = await json('POST', `${path}/messages`, { content: 'Once more' });
  expect(turn.content).toBe('it works: Once more');
});

it('is its key’s alone', async () => {
  const { json, path, actAs, idle } = await begun(noSteps);
  await idle();
  actAs({ ...localPrincipal, id: 'another' });
  for (const [method, rest, body] of [
    ['GET', '', undefined],
    ['POST', '/messages', { content: 'Hello' }],
    ['POST', '/human/step.1', { value: true }],
    ['DELETE', '', undefined],
  ] as const) {
    expect(await json(method, path + rest, body), method).toMatchObject([404, { code: 'not_found', param: 'id' }]);
  }
  expect(await json('GET', '')).toMatchObject([200, {}]);
  expect((await json('GET', ''))[1].conversations ?? []).toEqual([]);
});

it('is listed with others, page by page, and forgotten', async () => {
  const { json, path, idle, clock, conversation, runs } = await begun(noSteps);
  await idle();
  await clock.advance(10);
  const [, other] = await json('POST', '', { query: 'Another' });
  const [, first] = await json('GET', '?pageSize=1');
  expect(first).toMatchObject({ conversations: [{ id: other.id, title: 'Another', state: 'RUNNING' }] });
  const [, second] = await json('GET', `?pageSize=1&pageToken=${first.nextPageToken as string}`);
  expect(second).toMatchObject({ conversations: [{ id: conversation.id, state: 'IDLE' }] });
  expect((await json('DELETE', path))[0]).toBe(200);
  expect((await json('GET', path))[0]).toBe(404);
  expect((await json('DELETE', path))[0]).toBe(404);
  expect((await json('DELETE', `/${other.id as string}`))[0]).toBe(200);
  await clock.advance(1_000);
  expect(await runs.find(`${other.id as string}-turn-1`, localPrincipal.id)).toMatchObject({ state: 'CANCELLED' });
});

it('takes the same that is said twice at once as two messages, of which the second has to wait', async () => {
  const { service, soon, idle, conversation, runs } = await begun(noSteps);
  await idle();
  const request = create(SendMessageRequestSchema, { id: conversation.id as string, content: 'And why?' });
  const context: HandlerContext = { signal: new AbortController().signal, metadata: new Map(), peer: '' };
  const say = () => Array.fromAsync(service.sendMessage(request, context));
  const [first, second] = await soon(Promise.allSettled([say(), say()]));
  expect(first.status).toBe('fulfilled');
  expect(second).toMatchObject({
    reason: { reason: 'failed_precondition', message: expect.stringContaining('goes on') },
  });
  expect(words(await idle())).toHaveLength(4);
  await soon(say());
  expect(words(await idle())).toHaveLength(6);
  const { runs: kept } = await runs.list({}, { limit: 9 });
  expect(kept.map(({ id }) => id).toSorted()).toEqual(
    [1, 2, 3].map((turn) => `${conversation.id as string}-turn-${turn}`),
  );
});

it('is listed as it is, also before anybody has looked at it', async () => {
  const { json, clock, conversation } = await begun(noSteps);
  await clock.advance(5_000);
  const [, { conversations }] = await json('GET', '');
  expect(conversations).toMatchObject([{ state: 'IDLE', executionId: `${conversation.id as string}-turn-1` }]);
  const [{ createdAt, updatedAt }] = conversations as [{ createdAt: string; updatedAt: string }];
  expect(Date.parse(updatedAt)).toBeGreaterThan(Date.parse(createdAt));
});

it('that begins twice under one Idempotency-Key is one', async () => {
  const { json, asked, clock } = await startConversationRig(noSteps);
  const once = { 'idempotency-key': 'once' };
  const [, first] = await json('POST', '', { query: 'q' }, once);
  const [, again] = await json('POST', '', { query: 'q' }, once);
  expect(again.id).toBe(first.id);
  expect(await json('POST', '', { query: 'other' }, once)).toMatchObject([409, { code: 'failed_precondition' }]);
  await clock.advance(2_000);
  expect(asked).toEqual(['plan', 'answer']);
});

it('gives a turn no more than its budget', async () => {
  const { json, path, idle } = await begun(noSteps);
  await idle();
  const broke = await json('POST', `${path}/messages`, { content: 'And why?', budget: { maxMs: 50 } });
  expect(broke).toMatchObject([429, { code: 'quota_exhausted' }]);
  const few = await json('POST', `${path}/messages`, { content: 'And why?', budget: { maxCalls: 1 } });
  expect(few).toMatchObject([200, { content: 'a plain answer' }]);
  expect(await json('POST', `${path}/messages`, { content: 'q', budget: { maxCalls: 0 } })).toMatchObject([
    400,
    { param: 'budget.maxCalls' },
  ]);
});

it.each([
  ['', { query: ' ' }, 400, 'query'],
  ['', { query: 'q', tools: ['fly'] }, 400, 'tools'],
  ['', { query: 'q', preferredModel: 'absent' }, 404, 'model'],
])('refuses %s %j', async (path, body, status, param) => {
  const { json } = await startConversationRig(noSteps);
  expect(await json('POST', path, body)).toMatchObject([status, { param }]);
  expect((await json('GET', ''))[1].conversations ?? []).toEqual([]);
});

it('needs the store', async () => {
  const { json, path, state, idle } = await begun(noSteps);
  await idle();
  state.away = true;
  for (const [method, rest, body] of [
    ['POST', '', { query: 'q' }],
    ['GET', '', undefined],
    ['GET', path, undefined],
    ['POST', `${path}/messages`, { content: 'Hello' }],
    ['DELETE', path, undefined],
  ] as const) {
    expect(await json(method, rest, body), method + rest).toMatchObject([503, { code: 'storage_unavailable' }]);
  }
});

it('works by gRPC', async () => {
  const { service, soon, clock } = await startConversationRig(noSteps);
  const grpc = await serveGrpc(ConversationService, service);
  const { conversation } = await soon(grpc.startConversation({ query: 'What is it?' }));
  const { id } = conversation!;
  await clock.advance(2_000);
  const parts = await soon(Array.fromAsync(grpc.sendMessage({ id, content: 'And why?' })));
  expect(parts[0]?.kind).toMatchObject({ case: 'started', value: { id: `${id}-turn-2` } });
  expect(parts.at(-1)?.kind).toMatchObject({
    case: 'turn',
    value: { id, content: 'a plain answer', state: ConversationState.IDLE },
  });
  const found = await soon(grpc.getConversation({ id }));
  expect(found.conversation?.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant']);
});
