import { ClusterError, localPrincipal } from '@tutti/core';
import { WorkflowState, WorkflowStrategy, WorkflowTaskStatus } from '@tutti/proto/tutti/v1/workflow';
import { describe, expect, it } from 'vitest';
import { callerWith } from '../runs/runs.fixture.ts';
import { startWorkflowRig, type Say } from './workflow-rig.fixture.ts';

const task = (id: string, dependencies: string[] = [], type = 'RESEARCH') => ({
  ...{ id, type, dependencies },
  content: `do ${id}`,
});
const plan = { strategy: 'DYNAMIC', tasks: [task('a'), task('b'), task('c', ['a', 'b'], 'SYNTHESIS')] };

/** Plans those three tasks, and does each. */
const says =
  (answers: Record<string, string | ClusterError> = {}): Say =>
  (prompt) => {
    const [, id = ''] = /Your part: do (\w+)/.exec(prompt) ?? [];
    return id ? (answers[id] ?? `${id} is done`) : (answers.plan ?? JSON.stringify(plan));
  };

const generate = '/api/workflow/decompose/generate';

/** A rig with a workflow that was just planned. */
async function planned(say: Say = says()) {
  const rig = await startWorkflowRig(say);
  const [status, workflow] = await rig.json('POST', generate, { model: 'm', prompt: 'build a house' });
  expect([status, workflow.code]).toEqual([200, undefined]);
  const id = workflow.workflowId as string;
  const path = `/api/workflow/${id}`;
  const update = (taskId: string, body: object) => rig.json('PUT', `${path}/task/${taskId}`, body);
  const next = async () => {
    const [, { tasks }] = await rig.json('GET', `${path}/next`);
    return (tasks as { id: string }[]).map((one) => one.id);
  };
  return { ...rig, id, path, workflow, update, next };
}

const statuses = (workflow: Record<string, unknown>): string[] =>
  (workflow.tasks as { id: string; status: string }[]).map(({ id, status }) => `${id} ${status}`);

describe('a plan', () => {
  it('is not made of a text that may not leave this machine', async () => {
    const { json, asked } = await startWorkflowRig(says());
    const answered = await json('POST', generate, { model: 'm', prompt: 'build' }, { 'x-tutti-privacy': 'local' });
    expect(answered).toMatchObject([400, { code: 'invalid_request', param: 'x-tutti-privacy' }]);
    expect(asked).toEqual([]);
  });

  it('is one call, and has its tasks, none of them done', async () => {
    const { workflow, asked, json, path } = await planned();
    expect(workflow).toMatchObject({
      ...{ strategy: 'DYNAMIC', state: 'PENDING', spent: { calls: 1, promptTokens: 5 } },
      tasks: [
        { ...task('a'), status: 'READY' },
        { ...task('b'), status: 'READY' },
        { ...task('c', ['a', 'b'], 'SYNTHESIS'), status: 'PENDING' },
      ],
    });
    expect(asked).toEqual(['plan']);
    expect(await json('GET', path)).toEqual([200, workflow]);
  });

  it('of a chat comes by Connect and by gRPC too, once for an idempotency key', async () => {
    const { json, grpc, soon, asked } = await startWorkflowRig(says());
    const messages = [{ role: 'user', content: 'build a house' }];
    const once = { 'idempotency-key': 'once' };
    const [status, first] = await json('POST', '/api/workflow/decompose/chat', { messages, stream: false }, once);
    expect(status).toBe(200);
    const [, again] = await json('POST', '/tutti.v1.WorkflowService/DecomposeChat', { messages }, once);
    expect(again).toMatchObject({ workflow: { workflowId: first.workflowId } });
    expect(asked).toEqual(['plan']);
    const { workflow } = await soon(grpc.decomposeChat({ messages, strategy: WorkflowStrategy.DYNAMIC }));
    expect(workflow).toMatchObject({ strategy: WorkflowStrategy.DYNAMIC, tasks: [{ id: 'a' }, {}, {}] });
    expect(workflow!.workflowId).not.toBe(first.workflowId);
  });

  it.each([
    [{ prompt: ' ' }, 400, 'prompt'],
    [{ prompt: 'q', model: 'absent' }, 404, 'model'],
    [{ prompt: 'q', strategy: 'FASTEST' }, 400, 'strategy'],
    [{ prompt: 'q', stream: true }, 400, 'stream'],
    [{ prompt: 'q', budget: { maxCalls: 0 } }, 400, 'budget.maxCalls'],
  ])('asked for by %j is refused', async (body, status, param) => {
    const { json } = await startWorkflowRig(says());
    expect(await json('POST', generate, body)).toMatchObject([status, { param }]);
  });

  it('that no model can make is one task, and says why', async () => {
    const { json } = await startWorkflowRig(says({ plan: new ClusterError('upstream_error', 'it broke') }));
    const [, workflow] = await json('POST', generate, { prompt: 'q' });
    expect(workflow).toMatchObject({
      tasks: [{ content: 'q', status: 'READY' }],
      degraded: [expect.stringContaining('it broke') as string],
    });
  });

  it('that the budget is too small for is refused', async () => {
    const { json } = await startWorkflowRig(says());
    const answer = await json('POST', generate, { prompt: 'q', budget: { maxMs: 50 } });
    expect(answer).toMatchObject([429, { code: 'quota_exhausted' }]);
  });

  it('is given up when its client leaves, unless that can come back for it', async () => {
    const { workflows, runs, clock } = await startWorkflowRig(says());
    const states = async () =>
      (await runs.list({ key: localPrincipal.id }, { limit: 9 })).runs.map(({ state }) => state);
    for (const [more, state] of [
      [{}, 'CANCELLED'],
      [{ idempotencyKey: 'once' }, 'COMPLETED'],
    ] as const) {
      const left = new AbortController();
      const asked = { asked: { query: 'q' }, caller: callerWith(), ...more };
      const answer = workflows.plan(asked, left.signal);
      const refused = expect(answer).rejects.toMatchObject({ reason: 'client_closed' });
      await clock.advance(50);
      left.abort();
      await refused;
      await clock.advance(1_000);
      expect((await states())[0]).toBe(state);
    }
  });
});

describe('tasks done by the caller', () => {
  it('make others ready, until there is a result', async () => {
    const { update, next, json, path, asked } = await planned();
    expect(await next()).toEqual(['a', 'b']);
    expect(await update('a', { status: 'RUNNING' })).toMatchObject([200, { id: 'a', status: 'RUNNING' }]);
    expect(await next()).toEqual(['b']);
    await update('a', { status: 'COMPLETED', result: 'A' });
    expect(await json('GET', `${path}/result`)).toMatchObject([
      409,
      { code: 'not_finished', detail: 'The workflow is not finished: b is READY, c is PENDING.' },
    ]);
    await update('b', { status: 'COMPLETED', result: 'B' });
    expect(await next()).toEqual(['c']);
    expect(await update('c', { status: 'COMPLETED', result: 'C' })).toMatchObject([200, { result: 'C' }]);
    expect(await json('GET', `${path}/result`)).toEqual([
      200,
      { state: 'COMPLETED', finalResult: 'C', taskResults: { a: 'A', b: 'B', c: 'C' } },
    ]);
    expect(asked).toEqual(['plan']);
  });

  it('cannot become what they may not, nor change after their end', async () => {
    const { update, json, path } = await planned();
    const refused = await update('c', { status: 'COMPLETED', result: 'C' });
    expect(refused).toMatchObject([409, { detail: expect.stringMatching(/PENDING .* SKIPPED, CANCELLED/) as string }]);
    expect(await update('a', { status: 'FAILED', error: 'no' })).toMatchObject([200, { error: 'no' }]);
    const twice = await update('a', { status: 'COMPLETED', result: 'A' });
    expect(twice).toMatchObject([409, { detail: expect.stringContaining('it has ended') as string }]);
    expect(statuses((await json('GET', path))[1])).toEqual(['a FAILED', 'b READY', 'c SKIPPED']);
  });

  it.each([
    ['x', { status: 'RUNNING' }, 404, 'taskId'],
    ['a', {}, 400, 'status'],
    ['a', { status: 'DONE' }, 400, 'status'],
    ['a', { status: 'RUNNING', result: 'A' }, 400, 'result'],
  ])('%s as %j is refused', async (taskId, body, status, param) => {
    const { update } = await planned();
    expect(await update(taskId, body)).toMatchObject([status, { param }]);
  });

  it('are all kept when many tell at once, each once', async () => {
    const { grpc, id, soon, json, path } = await planned();
    const tell = (taskId: string) =>
      grpc.updateTask({ workflowId: id, taskId, status: WorkflowTaskStatus.COMPLETED, result: taskId });
    const all = await soon(Promise.allSettled(['a', 'b', 'a', 'b'].map(tell)));
    expect(all.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected']);
    expect(statuses((await json('GET', path))[1])).toEqual(['a COMPLETED', 'b COMPLETED', 'c READY']);
  });
});

describe('a run', () => {
  it('does what the caller has not done, and ends with the workflow', async () => {
    const { update, json, path, asked, id } = await planned();
    await update('a', { status: 'COMPLETED', result: 'mine' });
    const [status, workflow] = await json('POST', `${path}/run`);
    expect([status, workflow]).toMatchObject([
      200,
      {
        ...{ workflowId: id, state: 'COMPLETED', executionIds: [id, `${id}-run-1`] },
        tasks: [{ result: 'mine' }, { result: 'b is done' }, { status: 'COMPLETED', result: 'c is done' }],
        spent: { calls: 3, promptTokens: 15 },
      },
    ]);
    expect(asked).toEqual(['plan', 'task.b', 'task.c']);
    expect(await json('GET', path)).toEqual([200, workflow]);
    expect(await json('GET', `${path}/result`)).toMatchObject([200, { finalResult: 'c is done' }]);
    expect(await json('POST', `${path}/run`, {})).toEqual([200, workflow]);
    expect(asked).toHaveLength(3);
  });

  it('streams what happens, the workflow last', async () => {
    const { text, path, id } = await planned();
    const sent = await text('POST', `${path}/run`, {}, { accept: 'text/event-stream' });
    const kinds = [...sent.matchAll(/^event: (\w+)/gm)].map(([, kind]) => kind);
    expect([kinds[0], kinds[1], kinds.at(-1)]).toEqual(['started', 'event', 'workflow']);
    expect(sent).toContain(`"id":"${id}-run-1"`);
    expect(sent).toContain('{"kind":"task","id":"a","status":"RUNNING"}');
  });

  it('asked for twice is one, which shows as it goes and lets nobody else in', async () => {
    const { json, grpc, id, path, asked, clock, update, soon } = await planned();
    const [status, started] = await json('POST', `${path}/run`, {}, { prefer: 'respond-async' });
    expect([status, started]).toMatchObject([202, { id: `${id}-run-1`, state: 'RUNNING' }]);
    await clock.advance(100);
    const [, shown] = await json('GET', path);
    expect(statuses(shown)).toEqual(['a RUNNING', 'b RUNNING', 'c PENDING']);
    expect(shown).toMatchObject({ state: 'RUNNING', executionIds: [id, `${id}-run-1`] });
    expect(await update('a', { status: 'COMPLETED' })).toMatchObject([
      409,
      { detail: expect.stringContaining(`${id}-run-1`) as string },
    ]);
    const parts = await soon(Array.fromAsync(grpc.runWorkflow({ id, budget: { maxCalls: 9 } })));
    expect(parts.at(-1)?.kind).toMatchObject({ case: 'workflow', value: { state: WorkflowState.COMPLETED } });
    expect(asked.toSorted()).toEqual(['plan', 'task.a', 'task.b', 'task.c']);
  });

  it('that began twice at the same moment is one', async () => {
    const { workflows, id, asked, soon } = await planned();
    const run = (budget?: { maxCalls: number }) =>
      Array.fromAsync(workflows.run(id, { caller: callerWith(), budget }, new AbortController().signal));
    const [one, other] = await soon(Promise.all([run(), run({ maxCalls: 9 })]));
    expect(one.slice(0, -1)).toEqual(other.slice(0, -1));
    for (const parts of [one, other]) expect(parts.at(-1)).toMatchObject({ kind: 'workflow' });
    expect(asked).toHaveLength(4);
  });

  it('is not begun while the caller does a task', async () => {
    const { json, path, update } = await planned();
    await update('b', { status: 'RUNNING' });
    const refused = await json('POST', `${path}/run`, {});
    expect(refused).toMatchObject([409, { detail: expect.stringContaining('does b now') as string }]);
    await update('b', { status: 'READY' });
    expect(await json('POST', `${path}/run`, {})).toMatchObject([200, { state: 'COMPLETED' }]);
  });

  it('that has too little time says so, and leaves the rest to the next one', async () => {
    const { json, path, id } = await planned();
    const answer = await json('POST', `${path}/run`, { budget: { maxMs: 50 } });
    expect(answer).toMatchObject([429, { detail: expect.stringContaining(`${id}-run-1`) as string }]);
    expect(statuses((await json('GET', path))[1])).toEqual(['a READY', 'b READY', 'c PENDING']);
    expect(await json('POST', `${path}/run`, {})).toMatchObject([200, { state: 'COMPLETED' }]);
  });

  it('goes on when a task fails, and when its client leaves', async () => {
    const { workflows, id, path, json, clock } = await planned(says({ b: new ClusterError('upstream_error', 'no') }));
    await clock.advance(60_000);
    const left = new AbortController();
    const parts = workflows.run(id, { caller: callerWith() }, left.signal);
    await parts.next();
    left.abort();
    await expect(Array.fromAsync(parts)).rejects.toMatchObject({ reason: 'client_closed' });
    await clock.advance(5_000);
    expect(await json('POST', '/api/workflow/cleanup', { olderThanMs: 30_000 })).toEqual([200, { removed: 0 }]);
    const [, workflow] = await json('GET', path);
    expect(workflow).toMatchObject({ state: 'FAILED', tasks: [{ result: 'a is done' }, {}, { status: 'SKIPPED' }] });
    expect(workflow).toMatchObject({ tasks: [{}, { status: 'FAILED', error: 'no' }, {}] });
    expect(await json('GET', `${path}/result`)).toMatchObject([200, { state: 'FAILED', finalResult: 'a is done' }]);
  });

  it('that was cancelled leaves the rest to the next one', async () => {
    const { json, path, id, clock, runs, asked, next } = await planned(says({ a: 'quick', b: 'one two three four' }));
    await json('POST', `${path}/run`, {}, { prefer: 'respond-async' });
    await clock.advance(300);
    await runs.cancel(`${id}-run-1`, localPrincipal.id);
    await clock.advance(100);
    expect(statuses((await json('GET', path))[1])).toEqual(['a COMPLETED', 'b READY', 'c PENDING']);
    expect(await next()).toEqual(['b']);
    const [, workflow] = await json('POST', `${path}/run`, {});
    expect(workflow).toMatchObject({ state: 'COMPLETED', executionIds: [id, `${id}-run-1`, `${id}-run-2`] });
    expect(asked.filter((step) => step === 'task.a')).toHaveLength(1);
  });
});

it('old ones of the key are forgotten, and no others', async () => {
  const { json, clock, path, actAs } = await planned();
  const other = { ...localPrincipal, id: 'k2' };
  const cleanup = (body?: object) => json('POST', '/api/workflow/cleanup', body);
  await clock.advance(60_000);
  const [, young] = await json('POST', generate, { prompt: 'another' });
  expect(await cleanup()).toEqual([200, { removed: 0 }]);
  expect(await cleanup({ olderThanMs: -1 })).toMatchObject([400, { param: 'olderThanMs' }]);
  actAs(other);
  expect(await cleanup({ olderThanMs: 30_000 })).toEqual([200, { removed: 0 }]);
  actAs(localPrincipal);
  expect(await cleanup({ olderThanMs: 30_000 })).toEqual([200, { removed: 1 }]);
  expect(await json('GET', path)).toMatchObject([404, {}]);
  expect(await json('GET', `/api/workflow/${young.workflowId as string}`)).toMatchObject([200, {}]);
});

it('those that run are not old, and many old ones are all forgotten', async () => {
  const { json, clock, path, id, documents } = await planned();
  const cleanup = () => json('POST', '/api/workflow/cleanup', { olderThanMs: 0 });
  await json('POST', `${path}/run`, {}, { prefer: 'respond-async' });
  await clock.advance(100);
  expect(await cleanup()).toEqual([200, { removed: 0 }]);
  await clock.advance(5_000);
  const record = (await documents.find(id, clock.wallTime()))!;
  for (let index = 0; index < 120; index++) await documents.add({ ...record, id: `copy-${index}` });
  expect(await cleanup()).toEqual([200, { removed: 121 }]);
});

it("what nobody has, and another key's, is not found, whatever is asked", async () => {
  const { json, id, actAs } = await planned();
  actAs({ ...localPrincipal, id: 'k2' });
  for (const one of ['no-such-workflow', id]) {
    for (const [method, path, body] of [
      ['GET', ''],
      ['GET', '/next'],
      ['GET', '/result'],
      ['POST', '/run', {}],
      ['PUT', '/task/a', { status: 'RUNNING' }],
    ] as const) {
      const answer = await json(method, `/api/workflow/${one}${path}`, body);
      expect(answer).toMatchObject([404, { code: 'not_found', param: 'id' }]);
    }
  }
});

it('without the store there is a clear 503', async () => {
  const { json, state, path } = await planned();
  state.away = true;
  for (const [method, where, body] of [
    ['POST', generate, { prompt: 'q' }],
    ['GET', path],
    ['POST', `${path}/run`, {}],
    ['POST', '/api/workflow/cleanup', {}],
  ] as const) {
    expect(await json(method, where, body)).toMatchObject([503, { code: 'storage_unavailable' }]);
  }
});
