import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { backends } from '@tutti/backends';
import { ClusterError, localPrincipal, type RunRepository } from '@tutti/core';
import type { Budget, RunEntry } from '@tutti/core/patterns';
import { systemClock } from '@tutti/runtime';
import { startFakeOllama } from '@tutti/testing';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  caller,
  leaseMs,
  observedStore,
  restingClock,
  serveRuns,
  startProcess,
  wordByWord,
  type Says,
} from './conformance.fixture.ts';
import { crashCases, crashSweep } from './crash-sweep.fixture.ts';
import { runPlaces, type OpenRuns } from './stores.fixture.ts';

// What any engine for runs must do, whatever it is built of and wherever runs are kept.
const key = localPrincipal.id;
const { signal: never } = new AbortController();
const { places, remove } = await runPlaces();
afterAll(remove);

const says = (words: number, answer: string): Says => {
  const text = `${'so '.repeat(words - 2)}Answer: ${answer}`;
  return () => text;
};
const hangs: Says = () => undefined;
const breaks: Says = () => new ClusterError('upstream_error', 'it broke');

const eventsOf = <Type extends RunEntry['event']['type']>(entries: readonly RunEntry[], type: Type) =>
  entries.flatMap(({ event }) => (event.type === type ? [event as Extract<RunEntry['event'], { type: Type }>] : []));

/** Two processes with one store, on time of their own. The first can die: it hears nothing, and nobody hears it. */
function twoProcesses(store: RunRepository, models: Readonly<Record<string, Says>>) {
  const { through, isBusy } = observedStore(store);
  const { clock, pass, until } = restingClock(isBusy);
  const state = { dead: false };
  const generate = wordByWord(clock, models);
  const common = { generate, clock, models: Object.keys(models) };
  const first = startProcess('first', { store: through(() => state.dead), ...common });
  const second = startProcess('second', { store: through(() => false), ...common });
  return { first, second, clock, pass, until, die: () => void (state.dead = true) };
}

describe.each(places)('$name', ({ isMissing, open, at }) => {
  let opened: OpenRuns;
  let store: RunRepository;
  beforeAll(async () => {
    if (isMissing) return;
    opened = await open();
    store = opened.runs;
  }, 60_000);
  afterAll(() => opened?.close());

  /** Runs a vote of these models to its end. */
  async function vote(models: Readonly<Record<string, Says>>, budget?: object) {
    const { first, until } = twoProcesses(store, models);
    const body = { query: 'How many?', models: Object.keys(models), strategy: 'vote' };
    const { id, ended } = await until(first.start({ pattern: 'ensemble', body, budget, caller }));
    const end = await until(ended(never));
    const entries = await until(first.read(id, key));
    return { id, end, entries, wallMs: entries.at(-1)!.time - entries[0]!.time };
  }

  test.skipIf(isMissing).each(crashCases)(
    'T1 a crash at any place of the journal of %s changes nothing, and no answered call is made again',
    { timeout: 120_000 },
    async (...one) => {
      expect(await crashSweep(store, ...one)).toBeGreaterThan(10);
    },
  );

  test.skipIf(isMissing)(
    'T2 tasks start as soon as their inputs are there: no longer than the critical path',
    async () => {
      const wordsIn = (prompt: string): number => Number(/write (\d+) words/.exec(prompt)?.[1]);
      const { first, until } = twoProcesses(store, { m: (prompt) => 'w '.repeat(wordsIn(prompt)).trimEnd() });
      const task = (id: string, words: number, ...dependencies: string[]) => {
        return { id, type: 'RESEARCH', content: `write ${words} words`, dependencies };
      };
      // Level by level it would take 300 + 300 + 100 ms.
      const tasks = [task('a', 10), task('b', 30), task('c', 30, 'a'), task('d', 10, 'b'), task('e', 10, 'c', 'd')];
      const { id, ended } = await until(first.start({ pattern: 'workflow', body: { query: 'q', tasks }, caller }));
      expect(await until(ended(never))).toMatchObject({ state: 'COMPLETED' });
      const entries = await until(first.read(id, key));
      const criticalPathMs = 500;
      expect(entries.at(-1)!.time - entries[0]!.time).toBeLessThanOrEqual(1.1 * criticalPathMs);
    },
  );

  test.skipIf(isMissing)('T3 a cancel closes all streams within 200 ms, and keeps what there is', async () => {
    const models = ['m1', 'm2', 'm3'];
    const fake = await startFakeOllama({ models, tokens: Infinity, tokenDelayMs: 5 });
    onTestFinished(() => fake.close());
    fake.setModels(models);
    const backend = await backends.ollama({ clock: systemClock, llamaBaseUrl: fake.url, modelName: '', threads: 1 });
    onTestFinished(() => backend.close());
    const runs = startProcess('only', { store, generate: backend.generate, clock: systemClock, models });
    const body = { query: 'Tell me.', models, strategy: 'synthesis' };
    const { id } = await runs.start({ pattern: 'ensemble', body, caller });
    await vi.waitFor(async () => {
      expect(fake.live).toBe(3);
      expect(new Set(eventsOf(await runs.read(id, key), 'said').map(({ step }) => step)).size).toBe(3);
    });
    const cancelledAt = performance.now();
    await runs.cancel(id, key);
    await fake.whenAborted(3);
    // Five times what is promised: a busy machine is no fault of ours.
    expect(performance.now() - cancelledAt).toBeLessThan(5 * 200);
    await vi.waitFor(async () => expect((await store.find(id))?.state).toBe('CANCELLED'));
    const entries = await runs.read(id, key);
    expect(entries.at(-1)?.event).toMatchObject({ type: 'ended', state: 'CANCELLED' });
    expect(eventsOf(entries, 'said').length).toBeGreaterThanOrEqual(3);
    expect(eventsOf(entries, 'dropped')).toHaveLength(3);
    await runs.cancel(id, key);
    expect(await runs.read(id, key)).toEqual(entries);
  });

  test.skipIf(isMissing)('T4 a member that fails is missing, and the result says so', async () => {
    const { end } = await vote({ m1: breaks, m2: says(3, '7'), m3: says(4, '7'), m4: says(5, '8') });
    expect(end).toMatchObject({
      state: 'COMPLETED',
      result: { answer: '7', completions: [{}, {}, {}], degraded: ['member.1: it broke'] },
    });
  });

  test.skipIf(isMissing)('T4 a member that hangs is missing, and the result says so', { timeout: 60_000 }, async () => {
    const models = { m1: hangs, m2: says(3, '7'), m3: says(4, '8') };
    const patient = await vote(models);
    expect(patient.end).toMatchObject({
      state: 'COMPLETED',
      result: { completions: [{}, {}], degraded: [expect.stringMatching(/^member\.1: it took more than twice/)] },
    });
    const hasty = await vote(models, { maxMs: 2_000 });
    expect(hasty.end).toMatchObject({
      state: 'COMPLETED',
      result: { completions: [{}, {}], degraded: [expect.stringContaining('maxMs')] },
    });
    expect(hasty.wallMs).toBe(2_000);
  });

  test.skipIf(isMissing)('T5 three of five agree: the others are ended, and their tokens count', async () => {
    const { end, entries } = await vote({
      ...{ m1: says(3, '7'), m2: says(4, '7'), m3: says(5, '7') },
      ...{ m4: says(50, '7'), m5: says(60, '9') },
    });
    expect(end).toMatchObject({ state: 'COMPLETED', result: { answer: '7', completions: [{}, {}, {}] } });
    const dropped = eventsOf(entries, 'dropped');
    expect(dropped).toMatchObject([{ step: 'member.4' }, { step: 'member.5' }]);
    const unheard = dropped.reduce((sum, { tokens }) => sum + tokens!.outputTokens, 0);
    expect(unheard).toBeGreaterThan(0);
    expect(unheard).toBeLessThan(20);
    expect(end.spent).toMatchObject({ calls: 5, outputTokens: 3 + 4 + 5 + unheard });
  });

  describe('T6 a question to a person', () => {
    const asked = { pattern: 'permit', body: { query: 'May I?' }, caller };

    test.skipIf(isMissing)('T6 survives its process, and is answered once, elsewhere', async () => {
      const { first, second, until, pass, die } = twoProcesses(store, {});
      const { id } = await until(first.start(asked));
      await pass(leaseMs / 2);
      die();
      await pass(leaseMs / 2);
      await until(second.answer(id, key, 'may-i', { yes: true }));
      await expect(until(second.answer(id, key, 'may-i', { yes: false }))).rejects.toMatchObject({
        reason: 'failed_precondition',
      });
      const entries = await until(Array.fromAsync(second.follow(id, key, 0, never)));
      expect(entries.at(-1)?.event).toMatchObject({ state: 'COMPLETED', result: { text: '{"yes":true}' } });
      expect(eventsOf(entries, 'claimed')).toMatchObject([{ owner: 'second' }]);
      await expect(until(second.answer(id, key, 'may-i', { yes: false }))).rejects.toMatchObject({
        reason: 'failed_precondition',
      });
      expect(await until(second.read(id, key))).toEqual(entries);
    });

    test.skipIf(isMissing)('T6 expires, however often its process died', async () => {
      const { first, second, until, pass, die } = twoProcesses(store, {});
      const { id } = await until(first.start({ ...asked, body: { query: 'May I?', expiresMs: 10_000 } }));
      await pass(leaseMs);
      die();
      const entries = await until(Array.fromAsync(second.follow(id, key, 0, never)));
      expect(eventsOf(entries, 'failed')).toMatchObject([{ step: 'may-i', error: { reason: 'deadline_exceeded' } }]);
      const waited = entries.find(({ event }) => event.type === 'failed')!.time - entries[0]!.time;
      expect(waited).toBeGreaterThanOrEqual(10_000);
      expect(waited).toBeLessThan(10_100);
    });
  });

  test.skipIf(isMissing).each<[string, Partial<Budget>]>([
    ['calls', { maxCalls: 5 }],
    ['tokens', { maxTokens: 300 }],
    ['time', { maxMs: 150 }],
  ])('T7 a budget without %s ends with the best answer so far', async (_resource, budget) => {
    const slow: Says = () => 'word '.repeat(40).trimEnd();
    const { first, until } = twoProcesses(store, { m1: says(5, '7'), m2: slow, m3: slow, m4: slow });
    const body = { query: 'Why?', models: ['m1', 'm2', 'm3'], strategy: 'best-of' };
    const { id, ended } = await until(first.start({ pattern: 'ensemble', body, budget, caller }));
    const { state, result, spent } = await until(ended(never));
    expect(state).toBe('COMPLETED');
    expect(result?.text).toBeTruthy();
    const { maxCalls, maxTokens } = { maxCalls: 64, maxTokens: 32_768, ...budget };
    expect(spent.calls).toBeLessThanOrEqual(maxCalls);
    expect(spent.outputTokens).toBeLessThanOrEqual(maxTokens);
    const entries = await until(first.read(id, key));
    expect(entries.at(-1)!.time - entries[0]!.time).toBeLessThanOrEqual(budget.maxMs ?? Infinity);
  });

  test.skipIf(isMissing)('T9 a client that comes back elsewhere with Last-Event-ID misses nothing', async () => {
    const models = { m1: says(30, '7'), m2: says(40, '7'), m3: says(50, '8') };
    const { first, second, clock, until, die } = twoProcesses(store, models);
    const urls = await Promise.all([first, second].map((runs) => serveRuns(runs, clock)));
    const body = { query: 'How many?', models: Object.keys(models), strategy: 'vote', stop: 'none' };
    const { id } = await until(first.start({ pattern: 'ensemble', body, caller }));
    const path = `/api/patterns/execution/${id}/events`;
    const seen: string[] = [];
    const read = async (url: string, most: number): Promise<void> => {
      const leaving = new AbortController();
      const headers = { accept: 'text/event-stream', 'last-event-id': String(seen.length) };
      const answer = await fetch(url + path, { headers, signal: leaving.signal });
      let text = '';
      for await (const bytes of answer.body!.pipeThrough(new TextDecoderStream())) {
        text += bytes;
        const blocks = text.split('\n\n');
        text = blocks.pop()!;
        seen.push(...blocks.flatMap((block) => /^id: (\d+)$/m.exec(block)?.[1] ?? []));
        if (seen.length >= most) break;
      }
      leaving.abort();
    };
    await until(read(urls[0]!, 2));
    await until(read(urls[0]!, seen.length + 2));
    die();
    await until(read(urls[1]!, Infinity));
    const entries = await until(second.read(id, key));
    expect(entries.at(-1)?.event).toMatchObject({ type: 'ended', state: 'COMPLETED' });
    expect(seen).toEqual(entries.map(({ seq }) => String(seq)));
  });

  // The last: a store has more to do with it than with all others.
  test.skipIf(isMissing)(
    'T8 a thousand runs at once take less memory than they may, and no warning',
    { timeout: 120_000 },
    async () => {
      const program = fileURLToPath(new URL('crowd.fixture.ts', import.meta.url));
      // Else most of the memory is what V8 lets young garbage take.
      const args = ['--max-semi-space-size=2', program, at?.file ?? '', at?.mongodbUri ?? ''];
      const { stdout } = await promisify(execFile)(process.execPath, args);
      const { completed, warnings, mostBytes } = JSON.parse(stdout) as Record<string, unknown>;
      expect({ completed, warnings }).toEqual({ completed: 1_000, warnings: [] });
      expect((mostBytes as number) / 1e6).toBeLessThan(300);
    },
  );
});
