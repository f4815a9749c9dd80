import { afterEach, describe, expect, it } from 'vitest';
import { localPrincipal } from '@tutti/core';
import type { RunEntry } from '@tutti/core/patterns';
import type { NewRun } from './run-starts.ts';
import {
  callerWith,
  leaseMs,
  never,
  shown,
  startHost,
  startTwoHosts,
  untilSettled,
  type Host,
} from './runs.fixture.ts';

const key = localPrincipal.id;
const open: Host[] = [];

afterEach(async () => {
  for (const { thaw, runs } of open.splice(0)) {
    thaw();
    await runs.close();
  }
});

function rig() {
  const hosts = startTwoHosts();
  open.push(hosts.a, hosts.b);
  return hosts;
}

const relay = { pattern: 'relay', body: { query: 'why?' }, caller: callerWith() };
const permit = { pattern: 'permit', body: { query: 'may I?' }, caller: callerWith() };

const numbers = (entries: readonly RunEntry[]): number[] => entries.map(({ seq }) => seq);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe('the run of a process that died', () => {
  it('goes on elsewhere after a lease, and no answered call is made again', async () => {
    const { a, b, clock } = rig();
    const { id } = await a.runs.start(relay);
    await clock.advance(450);
    a.freeze();
    await clock.advance(leaseMs - 450);
    expect(b.asked).toEqual([]);
    const ended = untilSettled(
      clock,
      (await b.runs.start({ ...relay, id })).ended(never).catch(() => undefined),
    );
    await ended;
    const entries = await b.runs.read(id, key);
    expect(numbers(entries)).toEqual(upTo(entries.length));
    expect(shown(entries).filter((text) => text.includes('claimed'))).toEqual(['2 claimed']);
    expect(entries.at(-1)?.event).toMatchObject({ type: 'ended', state: 'COMPLETED', result: { text: 'a1 a2 a3' } });
    expect(a.asked.map(({ requestId }) => requestId)).toEqual([`${id}.first`, `${id}.second`]);
    expect(b.asked.map(({ requestId }) => requestId)).toEqual([`${id}.second`, `${id}.sum`]);
    expect(b.asked[0]).toMatchObject({ ...callerWith(), run: id });
  });

  it('shows the same events to clients, whenever and wherever they come back', async () => {
    const { a, b, clock } = rig();
    const { id } = await a.runs.start(relay);
    const first = a.runs.follow(id, key, 0, never);
    const seen: RunEntry[] = [];
    await clock.advance(350);
    for (let count = 0; count < 4; count++) seen.push((await first.next()).value as RunEntry);
    a.freeze();
    const rest = Array.fromAsync(b.runs.follow(id, key, seen.at(-1)!.seq, never));
    seen.push(...(await untilSettled(clock, rest)));
    expect(seen).toEqual(await b.runs.read(id, key));
    expect(seen.at(-1)?.event.type).toBe('ended');
    const late = await Array.fromAsync(b.runs.follow(id, key, seen.length, never));
    expect(late).toEqual([]);
  });

  it('is heard from its first word by whoever asks the process that took it', async () => {
    const { a, b, clock } = rig();
    const { id } = await a.runs.start(relay);
    await clock.advance(350);
    a.freeze();
    while (b.asked.length === 0) await clock.advance(100);
    const { words } = await b.runs.start({ ...relay, id });
    const heard = await untilSettled(clock, Array.fromAsync(words(never)));
    const textOf = (name: string): string => heard.flatMap(({ step, text }) => (step === name ? [text] : [])).join('');
    expect(['first', 'second', 'sum'].map(textOf)).toEqual(['a1 a2 a3', 'b1 b2 b3', 'a1 a2 a3']);
  });

  it('is taken at once if it was let go, with all that was said', async () => {
    const { a, b, clock } = rig();
    const { id } = await a.runs.start(relay);
    await clock.advance(450);
    const followed = Array.fromAsync(a.runs.follow(id, key, 0, never)).catch(({ reason }) => String(reason));
    const closing = a.door.close(0);
    await clock.advance(0);
    await closing;
    expect(await followed).toBe('draining');
    await clock.advance(leaseMs / 3);
    expect(shown(await b.runs.read(id, key))).toContain('2 claimed');
    await untilSettled(clock, b.runs.follow(id, key, 99, never).next());
    expect((await b.runs.find(id, key)).state).toBe('COMPLETED');
    await expect(a.runs.start(relay)).rejects.toMatchObject({ reason: 'draining' });
  });

  it('ends where it should have ended, if it died right before it told so', async () => {
    const { store, clock } = rig();
    const head = { id: 'ended-run', pattern: 'solo', key, title: '', createdAt: 0, owner: 'gone', revision: 1 };
    await store.create({ ...head, state: 'RUNNING' });
    const started = { type: 'started', pattern: 'solo', input: {}, budget: {} };
    const ended = { type: 'ended', state: 'CANCELLED', spent: {} };
    await store.append(
      head.id,
      [started, ended].map((event, index) => ({ seq: index + 1, term: 1, time: index, event })),
    );
    await store.create({ ...head, id: 'unborn-run', state: 'RUNNING' });
    await clock.advance(2 * leaseMs);
    expect(await store.find(head.id)).toMatchObject({ state: 'CANCELLED', endedAt: 1 });
    expect(await store.find('unborn-run')).toMatchObject({ state: 'FAILED' });
    expect(await store.read(head.id, 0, 9)).toHaveLength(2);
  });

  it('is left alone if this version does not know its pattern', async () => {
    const { store, clock } = rig();
    const head = { id: 'other-run', pattern: 'newer', key, title: '', createdAt: 0, owner: 'gone', revision: 1 };
    await store.create({ ...head, state: 'RUNNING' });
    const event = { type: 'started', pattern: 'newer', input: {}, budget: {} };
    await store.append(head.id, [{ seq: 1, term: 1, time: 0, event }]);
    await clock.advance(3 * leaseMs);
    expect(await store.read(head.id, 0, 9)).toHaveLength(1);
    expect((await store.find(head.id))?.endedAt).toBeUndefined();
  });
});

it('a process that comes back finds that it does not own the run, and writes nothing more', async () => {
  const { a, b, clock, store } = rig();
  const { id } = await a.runs.start(relay);
  await clock.advance(350);
  a.freeze();
  while (b.asked.length === 0) await clock.advance(100);
  a.thaw();
  await untilSettled(clock, b.runs.follow(id, key, 99, never).next());
  await clock.advance(leaseMs);
  const entries = (await store.read(id, 0, 99)) as RunEntry[];
  const claim = entries.findIndex(({ event }) => event.type === 'claimed');
  expect(new Set(entries.slice(0, claim).map(({ term }) => term))).toEqual(new Set([1]));
  expect(new Set(entries.slice(claim).map(({ term }) => term))).toEqual(new Set([2]));
  expect(entries.filter(({ event }) => event.type === 'ended')).toHaveLength(1);
  expect(await store.find(id)).toMatchObject({ owner: 'b', state: 'COMPLETED' });
  // Its own clients are shown what the other does.
  expect(await Array.fromAsync(a.runs.follow(id, key, 0, never))).toEqual(entries);
});

it('of many that would take a run, one does', async () => {
  const { a, clock, store } = rig();
  const others = ['c', 'd', 'e'].map((name) => startHost(name, store, clock));
  open.push(...others);
  const { id } = await a.runs.start(relay);
  await clock.advance(50);
  a.freeze();
  await clock.advance(3 * leaseMs);
  const claims = ((await store.read(id, 0, 99)) as RunEntry[]).filter(({ event }) => event.type === 'claimed');
  expect(claims).toHaveLength(1);
});

it('is cancelled from another process, keeps what there is, and may be cancelled again', async () => {
  const { a, b, clock, store } = rig();
  const { id } = await a.runs.start(relay);
  await clock.advance(350);
  await b.runs.cancel(id, key);
  await b.runs.cancel(id, key);
  await untilSettled(clock, b.runs.follow(id, key, 99, never).next());
  expect(await store.find(id)).toMatchObject({ state: 'CANCELLED' });
  const entries = await b.runs.read(id, key);
  expect(entries.at(-1)?.event).toMatchObject({ state: 'CANCELLED', result: { text: 'a1 a2 a3' } });
  for (const { runs } of [a, b]) await runs.cancel(id, key);
  expect(await b.runs.read(id, key)).toEqual(entries);
});

describe('a person who is asked', () => {
  it('answers from another process, once', async () => {
    const { a, b, clock, store } = rig();
    const { id } = await a.runs.start(permit);
    await clock.advance(leaseMs);
    expect(await store.find(id)).toMatchObject({ state: 'WAITING' });
    await expect(b.runs.answer(id, key, 'other', 1)).rejects.toMatchObject({
      reason: 'failed_precondition',
      message: expect.stringContaining('may-i') as string,
    });
    await b.runs.answer(id, key, 'may-i', { yes: true });
    await expect(b.runs.answer(id, key, 'may-i', false)).rejects.toMatchObject({ reason: 'failed_precondition' });
    await untilSettled(clock, b.runs.follow(id, key, 99, never).next());
    const end = (await b.runs.read(id, key)).at(-1)?.event;
    expect(end).toMatchObject({ state: 'COMPLETED', result: { text: '{"yes":true}' } });
    await expect(b.runs.answer(id, key, 'may-i', 1)).rejects.toMatchObject({ reason: 'failed_precondition' });
  });

  it('answers here at once, and after a crash elsewhere', async () => {
    const { a, b, clock } = rig();
    const here = await a.runs.start(permit);
    await clock.advance(10);
    await a.runs.answer(here.id, key, 'may-i', 1);
    await clock.advance(10);
    expect(await here.ended(never)).toMatchObject({ result: { text: '1' } });
    const { id } = await a.runs.start(permit);
    await clock.advance(10);
    a.freeze();
    await clock.advance(10);
    await b.runs.answer(id, key, 'may-i', 2);
    await untilSettled(clock, b.runs.follow(id, key, 99, never).next());
    expect((await b.runs.read(id, key)).at(-1)?.event).toMatchObject({ result: { text: '2' } });
  });
});

describe('while the store is away', () => {
  it('runs go on, and what happened is stored in order when it is back', async () => {
    const { a, b, clock, store } = rig();
    const run = await a.runs.start(relay);
    await clock.advance(150);
    store.away = true;
    const seen = await untilSettled(clock, Array.fromAsync(a.runs.follow(run.id, key, 0, never)));
    expect(seen.at(-1)?.event).toMatchObject({ type: 'ended', state: 'COMPLETED' });
    expect((await a.runs.find(run.id, key)).state).toBe('COMPLETED');
    await clock.advance(leaseMs);
    store.away = false;
    await clock.advance(2_000);
    expect(await store.read(run.id, 0, 99)).toEqual(seen);
    expect(await store.find(run.id)).toMatchObject({ state: 'COMPLETED', owner: 'a' });
    await clock.advance(3 * leaseMs);
    expect(b.asked).toEqual([]);
  });

  it('nobody takes the run of another, who could not give a sign of life', async () => {
    const { a, clock, store } = rig();
    const { id } = await a.runs.start(permit);
    await clock.advance(leaseMs / 2);
    store.away = true;
    await clock.advance(3 * leaseMs);
    store.away = false;
    await clock.advance(3 * leaseMs);
    expect(shown((await store.read(id, 0, 99)) as RunEntry[])).toEqual([
      '1 started',
      '1 asked may-i',
      '1 waiting may-i',
    ]);
  });

  it('no durable run is begun, others are', async () => {
    const { a, clock, store } = rig();
    store.away = true;
    await expect(a.runs.start(relay)).rejects.toMatchObject({ reason: 'storage_unavailable' });
    const run = await a.runs.start({ ...relay, durable: false });
    expect(await untilSettled(clock, run.ended(never))).toMatchObject({ state: 'COMPLETED' });
    await clock.advance(10);
    expect((await a.runs.find(run.id, key)).endedAt).toBeDefined();
    expect(await Array.fromAsync(a.runs.follow(run.id, key, 5, never))).not.toEqual([]);
  });

  it('a run that another process has taken meanwhile is let go', async () => {
    const { a, b, clock, store } = rig();
    const { id } = await a.runs.start(relay);
    await clock.advance(150);
    // It can be reached by b only.
    a.freeze();
    while (b.asked.length === 0) await clock.advance(100);
    a.thaw();
    await untilSettled(clock, b.runs.follow(id, key, 99, never).next());
    const entries = (await store.read(id, 0, 99)) as RunEntry[];
    expect(entries.filter(({ event }) => event.type === 'ended')).toHaveLength(1);
    expect(numbers(entries)).toEqual(upTo(entries.length));
  });
});

describe('a run whose store went away between its head and its first entry', () => {
  /** Asks for it once, and has the store back. */
  const failOnce = async ({ a, store }: ReturnType<typeof rig>, run: NewRun): Promise<void> => {
    store.leaves = true;
    await expect(a.runs.start(run)).rejects.toMatchObject({ reason: 'storage_unavailable' });
    store.away = false;
  };

  it.each([{ id: 'my-own-1' }, { idempotencyKey: 'once' }])('begins when %j asks the same again', async (name) => {
    const hosts = rig();
    const { b, clock } = hosts;
    await failOnce(hosts, { ...relay, ...name });
    const run = await untilSettled(clock, b.runs.start({ ...relay, ...name }));
    expect(run.isNew).toBe(true);
    expect(await untilSettled(clock, run.ended(never))).toMatchObject({
      state: 'COMPLETED',
      result: { text: 'a1 a2 a3' },
    });
    await clock.advance(leaseMs);
    expect(await b.runs.find(run.id, key)).toMatchObject({ owner: 'b', state: 'COMPLETED' });
    expect((await b.runs.list({ key }, { limit: 9 })).runs).toHaveLength(1);
  });

  it('begins once, whoever asks', async () => {
    const hosts = rig();
    const { a, b, clock } = hosts;
    const once = { ...relay, idempotencyKey: 'once' };
    await failOnce(hosts, once);
    const started = await untilSettled(clock, Promise.all([a, b, a].map(({ runs }) => runs.start(once))));
    expect(new Set(started.map(({ id }) => id)).size).toBe(1);
    expect(started.filter(({ isNew }) => isNew)).toHaveLength(1);
    await untilSettled(clock, started[0]!.ended(never));
    expect(a.asked.length + b.asked.length).toBe(3);
  });

  it('is not another one, nor that of another key', async () => {
    const hosts = rig();
    const { b, clock } = hosts;
    const mine = { ...relay, id: 'my-own-1' };
    await failOnce(hosts, mine);
    const other = untilSettled(clock, b.runs.start({ ...mine, body: { query: 'what?' } }));
    await expect(other).rejects.toMatchObject({ reason: 'failed_precondition', param: 'id' });
    const caller = callerWith({ principal: { ...localPrincipal, id: 'k2' } });
    await expect(b.runs.start({ ...mine, caller })).rejects.toMatchObject({ reason: 'not_found' });
  });

  it('that was given up leaves the idempotency key free, and says of an id that it is not', async () => {
    const hosts = rig();
    const { a, b, clock } = hosts;
    const once = { ...relay, idempotencyKey: 'once' };
    const named = { ...relay, id: 'my-own-1' };
    await failOnce(hosts, once);
    await failOnce(hosts, named);
    await clock.advance(3 * leaseMs);
    expect(await b.runs.find('my-own-1', key)).toMatchObject({ state: 'FAILED' });
    await expect(b.runs.start(named)).rejects.toMatchObject({
      reason: 'storage_unavailable',
      message: expect.stringMatching(/was given up before it began.* another id/) as string,
    });
    const [first, second] = [await a.runs.start(once), await b.runs.start(once)];
    expect([first.isNew, second.isNew, second.id]).toEqual([true, false, first.id]);
    expect(await untilSettled(clock, second.ended(never))).toMatchObject({ state: 'COMPLETED' });
  });
});
