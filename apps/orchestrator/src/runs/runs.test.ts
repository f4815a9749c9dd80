import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryRuns, localPrincipal, Priority, type Principal } from '@tutti/core';
import type { RunEntry } from '@tutti/core/patterns';
import { createRunArchive } from './run-archive.ts';
import type { NewRun } from './run-starts.ts';
import { callerWith, never, shown, startTwoHosts, untilSettled, type Host } from './runs.fixture.ts';

const key = localPrincipal.id;
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function rig() {
  const hosts = startTwoHosts();
  closers.push(hosts.a.runs.close, hosts.b.runs.close);
  return hosts;
}

const relay = (changes: Partial<NewRun> = {}): NewRun => ({
  ...{ pattern: 'relay', body: { query: 'why?' }, caller: callerWith() },
  ...changes,
});

const entriesOf = (host: Host, id: string): Promise<readonly RunEntry[]> => host.runs.read(id, key);

describe('a run', () => {
  it('is told of from its start to its end, and kept', async () => {
    const { a, clock, store } = rig();
    const run = await a.runs.start(relay());
    const events = Array.fromAsync(a.runs.follow(run.id, key, 0, never));
    const end = await untilSettled(clock, run.ended(never));
    expect(end).toMatchObject({ state: 'COMPLETED', result: { text: 'a1 a2 a3', models: ['a', 'b'] } });
    expect(shown(await events)).toEqual([
      '1 started',
      ...['1 asked first', '1 said first', '1 answered first', '1 noted'],
      ...['1 asked second', '1 said second', '1 answered second'],
      ...['1 asked sum', '1 said sum', '1 answered sum', '1 ended'],
    ]);
    await clock.advance(0);
    expect(await store.find(run.id)).toMatchObject({ state: 'COMPLETED', title: 'why?', key, pattern: 'relay' });
    expect((await store.find(run.id))?.endedAt).toBe((await events).at(-1)!.time);
  });

  it('is heard word by word, by whoever comes', async () => {
    const { a, b, clock } = rig();
    const run = await a.runs.start(relay());
    const live = Array.fromAsync(run.words(never));
    await untilSettled(clock, run.ended(never));
    const words = await untilSettled(clock, live);
    expect(words.map(({ text }) => text)).toHaveLength(9);
    expect(words.at(-1)).toEqual({ step: 'sum', voice: 'answer', text: 'a3' });
    const late = (await b.runs.start(relay({ id: run.id }))).words(never);
    const said = (await Array.fromAsync(late)).filter(({ voice }) => voice === 'answer');
    expect(said.map(({ text }) => text).join('')).toBe('a1 a2 a3');
  });

  it('that no step has said aloud gives its result as one piece', async () => {
    const { a, clock } = rig();
    const run = await a.runs.start(relay({ pattern: 'solo' }));
    const words = await untilSettled(clock, Array.fromAsync(run.words(never)));
    expect(words).toEqual([{ step: '', voice: 'answer', text: 'a1 a2 a3' }]);
  });

  it('makes its calls under the rights of its caller, by its own ids', async () => {
    const { a, clock } = rig();
    const principal: Principal = { ...localPrincipal, id: 'k1', models: ['b'] };
    const run = await a.runs.start(relay({ caller: callerWith({ principal, priority: Priority.BATCH, pin: 'n9' }) }));
    const ended = untilSettled(clock, run.ended(never));
    // Of the two models it may use one, and the pattern needs two.
    expect(await ended).toMatchObject({ state: 'COMPLETED', result: { text: 'b1 b2 b3', models: ['b'] } });
    expect(a.asked[0]).toMatchObject({
      ...{ principal, priority: Priority.BATCH, pin: 'n9', run: run.id },
      requestId: `${run.id}.first`,
    });
  });

  it('that writes what no store takes fails, and says why', async () => {
    const { a, clock, store } = rig();
    const run = await a.runs.start(relay({ pattern: 'verbose' }));
    const end = await untilSettled(clock, run.ended(never));
    expect(end).toMatchObject({ state: 'FAILED', error: { reason: 'too_large' } });
    await clock.advance(0);
    expect(await store.find(run.id)).toMatchObject({ state: 'FAILED' });
  });
});

describe('the same request', () => {
  it('is one run, by id and by idempotency key, however often it comes', async () => {
    const { a, b, clock } = rig();
    for (const name of [{ id: 'my-run-1' }, { idempotencyKey: 'once' }]) {
      const both = await untilSettled(clock, Promise.all([a.runs.start(relay(name)), a.runs.start(relay(name))]));
      const other = await b.runs.start(relay(name));
      expect(new Set([...both, other].map(({ id }) => id)).size).toBe(1);
      await untilSettled(clock, other.ended(never));
      expect((await b.runs.start(relay(name))).head.state).toBe('COMPLETED');
    }
    expect([a.asked.length, b.asked.length]).toEqual([6, 0]);
  });

  it('is not another one, nor that of another key', async () => {
    const { a, b, clock } = rig();
    const { id } = await a.runs.start(relay({ id: 'my-run-1' }));
    await expect(b.runs.start(relay({ id, body: { query: 'what?' } }))).rejects.toMatchObject({
      reason: 'failed_precondition',
      param: 'id',
    });
    const caller = callerWith({ principal: { ...localPrincipal, id: 'k2' } });
    const refused = { reason: 'not_found', param: 'id' };
    await expect(b.runs.start(relay({ id, caller }))).rejects.toMatchObject(refused);
    for (const host of [a, b]) {
      await expect(host.runs.find(id, 'k2')).rejects.toMatchObject(refused);
      await expect(host.runs.read(id, 'k2')).rejects.toMatchObject(refused);
      await expect(host.runs.cancel(id, 'k2')).rejects.toMatchObject(refused);
      await expect(host.runs.answer(id, 'k2', 's', 1)).rejects.toMatchObject(refused);
      await expect(host.runs.follow(id, 'k2', 0, never).next()).rejects.toMatchObject(refused);
    }
    const byKey = { idempotencyKey: 'once' };
    const mine = await a.runs.start(relay(byKey));
    expect((await a.runs.start(relay({ ...byKey, caller }))).id).not.toBe(mine.id);
    await untilSettled(clock, mine.ended(never));
  });

  it.each(['short', 'a'.repeat(65), 'with space', 'über-lang'])('of the id %j is refused', async (id) => {
    const { a } = rig();
    await expect(a.runs.start(relay({ id }))).rejects.toMatchObject({ reason: 'invalid_request', param: 'id' });
  });
});

describe('a budget', () => {
  it('too small for what is asked gets the next cheaper way, and says so', async () => {
    const { a, clock } = rig();
    const run = await a.runs.start(relay({ budget: { maxCalls: 2 } }));
    expect(await untilSettled(clock, run.ended(never))).toMatchObject({ state: 'COMPLETED', spent: { calls: 1 } });
    const [started] = await entriesOf(a, run.id);
    expect(started?.event).toMatchObject({ pattern: 'solo', downgraded: { from: 'relay', resource: 'calls' } });
  });

  it('too small for anything is refused with the estimate', async () => {
    const { a } = rig();
    await expect(a.runs.start(relay({ budget: { maxTokens: 5 } }))).rejects.toMatchObject({
      reason: 'invalid_request',
      param: 'budget.maxTokens',
      message: expect.stringMatching(/at least 1 calls and 10 tokens, .* 64 and 5\. Raise/) as string,
    });
  });

  it.each([[{ maxCalls: 0 }], [{ maxMs: -1 }], [{ maxTokens: 1.5 }], [{ calls: 1 }], ['much']])(
    'of %j is refused',
    async (budget) => {
      const { a } = rig();
      await expect(a.runs.start(relay({ budget }))).rejects.toMatchObject({ reason: 'invalid_request' });
    },
  );
});

it('no run is started while too much waits; the one that is known is shown', async () => {
  const { a } = rig();
  const { id } = await a.runs.start(relay({ id: 'my-run-1' }));
  a.full = true;
  await expect(a.runs.start(relay())).rejects.toMatchObject({ reason: 'overloaded', retryAfterMs: 5_000 });
  expect((await a.runs.start(relay({ id }))).id).toBe(id);
  expect((await a.runs.list({ key }, { limit: 9 })).runs).toHaveLength(1);
});

it('a list shows runs of the key, durable or not, page by page', async () => {
  const { a, clock } = rig();
  const ids: string[] = [];
  for (const durable of [true, false, true, false, false]) {
    ids.unshift((await a.runs.start(relay({ pattern: 'solo', durable }))).id);
    await clock.advance(1);
  }
  await a.runs.start(relay({ caller: callerWith({ principal: { ...localPrincipal, id: 'k2' } }) }));
  const seen: string[] = [];
  let token: string | undefined;
  do {
    const page = await a.runs.list({ key }, { limit: 2, ...(token && { token }) });
    seen.push(...page.runs.map(({ id }) => id));
    token = page.next;
  } while (token);
  expect(seen).toEqual(ids);
  await expect(a.runs.list({ key }, { limit: 2, token: 'x' })).rejects.toMatchObject({ param: 'pageToken' });
});

it('runs that ended are forgotten after 30 days, those that no store has after an hour', async () => {
  const store = createMemoryRuns();
  const archive = createRunArchive(store);
  const head = { pattern: 'p', key, title: '', state: 'COMPLETED' as const, createdAt: 0, owner: '', revision: 1 };
  await store.create({ ...head, id: 'durable', endedAt: 1_000 });
  await archive.repositoryOf(false).create({ ...head, id: 'undurable', endedAt: 1_000 });
  const kept = async (): Promise<string[]> =>
    (await archive.list({}, { limit: 9 })).runs.map(({ id }) => id).toSorted();
  await archive.removeOldUndurable(1_000 + 3_600_000);
  expect(await kept()).toEqual(['durable', 'undurable']);
  await archive.removeOldUndurable(1_001 + 3_600_000);
  expect(await kept()).toEqual(['durable']);
  await archive.removeOld(1_001 + 30 * 86_400_000);
  expect(await kept()).toEqual([]);
});

it('runs that no store has are looked through each minute', async () => {
  const { a, clock } = rig();
  const run = await a.runs.start(relay({ durable: false }));
  await untilSettled(clock, run.ended(never));
  await clock.advance(3_600_000 - 60_000);
  expect((await a.runs.list({ key }, { limit: 9 })).runs).toHaveLength(1);
  await clock.advance(120_000);
  expect((await a.runs.list({ key }, { limit: 9 })).runs).toEqual([]);
});

it('runs that no store has take 64 MB at most: those that ended go first, and no live one is given up', async () => {
  const { a, clock } = rig();
  const query = 'x'.repeat(2_000_000);
  const ended = await a.runs.start(relay({ pattern: 'debate', body: { query }, durable: false }));
  await a.runs.cancel(ended.id, key);
  await untilSettled(clock, ended.ended(never));
  const live: string[] = [];
  const fill = async (): Promise<void> => {
    while (live.length < 40)
      live.push((await a.runs.start(relay({ pattern: 'debate', body: { query }, durable: false }))).id);
  };
  await expect(fill()).rejects.toMatchObject({ reason: 'overloaded', retryAfterMs: 5_000 });
  expect(live).toHaveLength(16);
  await expect(a.runs.find(ended.id, key)).rejects.toMatchObject({ reason: 'not_found' });
  await clock.advance(1);
  const { runs } = await a.runs.list({ key }, { limit: 100 });
  expect(runs.map(({ id }) => id).toSorted()).toEqual(live.toSorted());
  expect(new Set(runs.map(({ state }) => state))).toEqual(new Set(['RUNNING']));
  await a.runs.cancel(live[0]!, key);
  await clock.advance(1);
  expect((await a.runs.start(relay({ pattern: 'debate', body: { query }, durable: false }))).isNew).toBe(true);
});
