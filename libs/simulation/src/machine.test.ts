import { describe, expect, it } from 'vitest';
import { testModel, testWorld } from './machine.fixture.ts';

const mark = (hash: number, tokens: number) => ({ hash, tokens });

describe('a call alone', () => {
  it('loads, reads and generates in the time that each takes', async () => {
    const { time, send, machine } = testWorld();
    const call = send('a');
    expect(call.loadingMs).toBe(0);
    await time.run(1150);
    expect([call.startedMs, call.firstTokenMs, call.outputTokens()]).toEqual([1000, 1100, 6]);
    await time.run(2000);
    expect(call.endedMs).toBe(1200);
    expect(call.result).toEqual({
      loadMs: 1000,
      promptMs: 100,
      outputMs: 100,
      promptTokens: 100,
      cachedTokens: 0,
      outputTokens: 10,
      truncated: false,
    });
    expect([machine.live, machine.loads]).toEqual([0, 1]);
  });

  it('embeds without a first token', async () => {
    const { time, send } = testWorld();
    const call = send('a', { outputTokens: 0 });
    await time.run(2000);
    expect([call.firstTokenMs, call.result?.promptMs, call.result?.outputMs]).toEqual([undefined, 100, 0]);
  });

  it('fails at once for a model that is not there', () => {
    expect(testWorld().send('nope').error).toBe('no_model');
  });

  it('finds a model by its name without a tag', () => {
    expect(testWorld({}, [testModel('llama3.2')]).send('llama3.2:latest').error).toBeUndefined();
  });

  it('cuts a prompt that is too long, or refuses it', async () => {
    const { time, send } = testWorld();
    const cut = send('a', { promptTokens: 300, numCtx: 256 });
    const refused = send('a', { promptTokens: 300, numCtx: 256, truncate: false });
    await time.run(5000);
    expect([cut.result?.promptTokens, cut.result?.truncated]).toEqual([256, true]);
    expect(refused.error).toBe('too_long');
  });
});

describe('slots', () => {
  it('serves calls of one model in their order', async () => {
    const { time, send, machine } = testWorld();
    const calls = [1, 2, 3].map(() => send('a'));
    await time.run(1050);
    expect(machine.runners).toMatchObject([{ busy: 1, waiting: 2, loading: false }]);
    await time.run(5000);
    expect(calls.map((call) => call.endedMs)).toEqual([1200, 1400, 1600]);
    expect(machine.loads).toBe(1);
  });

  it('counts cached tokens as prompt tokens, and reads only the others', async () => {
    const { time, send } = testWorld();
    send('a', { promptTokens: 100, prefix: [mark(1, 40), mark(2, 90)] });
    const next = send('a', { promptTokens: 150, prefix: [mark(1, 40), mark(2, 90), mark(3, 140)] });
    const other = send('a', { promptTokens: 100, prefix: [mark(1, 40), mark(9, 90)] });
    await time.run(5000);
    expect(next.result).toMatchObject({ promptTokens: 150, cachedTokens: 90, promptMs: 60 });
    expect(other.result).toMatchObject({ promptTokens: 100, cachedTokens: 40, promptMs: 60 });
  });

  it('knows nothing of a prompt that was cut', async () => {
    const { time, send } = testWorld();
    send('a', { promptTokens: 300, numCtx: 256, prefix: [mark(1, 200)] });
    const next = send('a', { promptTokens: 250, numCtx: 256, prefix: [mark(1, 200)] });
    await time.run(5000);
    expect(next.result?.cachedTokens).toBe(0);
  });

  it('gives an embedding model one slot', async () => {
    const embedder = testModel('embedder', { embedding: true });
    const { time, send, machine } = testWorld({ parallel: 4 }, [embedder]);
    const calls = [1, 2].map(() => send('embedder', { outputTokens: 0 }));
    await time.run(5000);
    expect(calls.map((call) => call.endedMs)).toEqual([1100, 1200]);
    expect(machine.runners[0]?.slots).toBe(1);
  });

  it('slows calls by their neighbours', async () => {
    const { time, send } = testWorld({ parallel: 2, slowBySame: 0.5, loadMs: () => 0 });
    const calls = [1, 2].map(() => send('a'));
    await time.run(5000);
    expect(calls.map((call) => call.endedMs)).toEqual([300, 300]);
  });
});

describe('runner options', () => {
  it('reloads for any other context, and for no other reason', async () => {
    const { time, send, machine } = testWorld();
    const contexts = [undefined, 4096, 8192, undefined, 2, 4];
    for (const numCtx of contexts) {
      send('a', numCtx === undefined ? {} : { numCtx });
      await time.run(time.now() + 5000);
    }
    expect([machine.loads, machine.reloads, machine.evictions]).toEqual([4, 3, 0]);
    send('a', { numCtx: 4, runnerOptions: '{"num_batch":64}' });
    await time.run(time.now() + 5000);
    expect([machine.loads, machine.reloads]).toEqual([5, 4]);
  });

  it('gives no more context than the model was trained for, but compares what was asked for', async () => {
    const { time, send, machine } = testWorld();
    send('a', { numCtx: 100_000 });
    await time.run(5000);
    expect(machine.runners[0]?.numCtx).toBe(32_768);
    send('a', { numCtx: 32_768 });
    await time.run(10_000);
    expect(machine.reloads).toBe(1);
  });

  it('waits until the calls of the old options are done', async () => {
    const { time, send } = testWorld();
    const old = send('a');
    await time.run(1050);
    const other = send('a', { numCtx: 8192 });
    await time.run(5000);
    expect(old.endedMs).toBe(1200);
    expect(other.startedMs).toBe(2200);
    expect(other.result?.loadMs).toBe(2200 - 1050);
  });
});

describe('memory', () => {
  const sized = [
    testModel('a:latest', { sizeBytes: 400, bytesPerToken: 1 }),
    testModel('b:latest', { sizeBytes: 400 }),
    testModel('c:latest', { sizeBytes: 400 }),
    testModel('huge:latest', { sizeBytes: 2000 }),
  ];

  it('counts the model and the context of each slot', () => {
    const { machine, send } = testWorld({ parallel: 2 }, sized);
    send('a', { numCtx: 100 });
    expect([machine.usedBytes, machine.runners[0]?.bytes]).toEqual([600, 600]);
  });

  it('evicts the idle model with the shortest keep-alive, then by name', async () => {
    const { time, send, machine, resident } = testWorld({ memoryBytes: 1000 }, sized);
    send('b', { keepAliveMs: 60_000 });
    send('c', { keepAliveMs: 30_000 });
    await time.run(5000);
    send('a', { numCtx: 100, keepAliveMs: 60_000 });
    await time.run(10_000);
    expect(resident()).toEqual(['b', 'a']);
    send('c');
    await time.run(15_000);
    expect(resident()).toEqual(['b', 'c']);
    expect([machine.loads, machine.evictions]).toEqual([4, 2]);
  });

  it('evicts an idle model before one that is busy', async () => {
    const { time, send, resident } = testWorld({ maxRunners: 2 });
    send('c', { keepAliveMs: -1 });
    send('b', { keepAliveMs: 1, outputTokens: 1000 });
    await time.run(5000);
    send('a');
    expect(resident()).toEqual(['b', 'a']);
  });

  it('waits for the busy one with the shortest keep-alive where none is idle, and all loads behind it wait too', async () => {
    const { time, send, machine } = testWorld({ maxRunners: 2 });
    const short = send('a', { outputTokens: 300, keepAliveMs: 1000 });
    const long = send('b', { outputTokens: 100 });
    await time.run(2500);
    const evicting = send('c');
    const behind = send('b', { numCtx: 8192 });
    await time.run(4000);
    expect([short.endedMs, long.endedMs, machine.queued, machine.evictions]).toEqual([undefined, 3100, 2, 0]);
    await time.run(20_000);
    expect(short.endedMs).toBe(4100);
    expect(evicting.startedMs).toBe(5100);
    expect(behind.startedMs).toBe(6100);
    expect([machine.evictions, machine.reloads]).toEqual([1, 1]);
  });

  it('says that a model does not fit when it is alone and does not', async () => {
    const { time, send, resident } = testWorld({ memoryBytes: 1000 }, sized);
    send('b');
    await time.run(5000);
    expect(send('huge').error).toBe('does_not_fit');
    expect(resident()).toEqual([]);
  });

  it('holds no more models than it may', async () => {
    const { time, send, machine, resident } = testWorld({ maxRunners: 2 });
    for (const name of ['a', 'b', 'c']) send(name);
    await time.run(20_000);
    expect(resident()).toHaveLength(2);
    expect(machine.evictions).toBe(1);
  });
});

describe('the load queue', () => {
  it('loads one after the other', async () => {
    const { time, send } = testWorld();
    const calls = ['a', 'b', 'c'].map((name) => send(name));
    await time.run(10_000);
    expect(calls.map((call) => call.loadingMs)).toEqual([0, 1000, 2000]);
    expect(calls.map((call) => call.startedMs)).toEqual([1000, 2000, 3000]);
  });

  it('lets a model in memory pass', async () => {
    const { time, send } = testWorld({ maxQueue: 0 });
    send('a');
    await time.run(5000);
    send('b');
    const passing = send('a');
    await time.run(6000);
    expect(passing.endedMs).toBe(5200);
  });

  it('is full after its turn and maxQueue more, and full for loads only', async () => {
    const { time, send, machine } = testWorld({ maxQueue: 1 });
    send('a');
    await time.run(5000);
    // One is being loaded, one has its turn, one waits.
    const calls = ['b', 'c', 'c'].map((name) => send(name));
    expect(machine.queued).toBe(2);
    expect(send('c').error).toBe('busy');
    const others = [send('a'), send('b')];
    await time.run(20_000);
    for (const call of [...calls, ...others]) expect([call.error, call.ends]).toEqual([undefined, 1]);
    expect(machine.loads).toBe(3);
  });

  it('leaves a call its place in the line when its model comes into memory before its turn', async () => {
    const { time, send, machine } = testWorld({ maxRunners: 1 });
    const [, first, , second] = ['c', 'a', 'b', 'a'].map((name) => send(name));
    await time.run(2300);
    const late = send('a');
    await time.run(20_000);
    expect([first?.startedMs, late.startedMs, second?.startedMs]).toEqual([2200, 2400, 4800]);
    expect(machine.loads).toBe(4);
  });

  it('lets a call with a keep-alive of its own save the model that is to go', async () => {
    const { time, send, resident } = testWorld({ maxRunners: 1 });
    send('a', { outputTokens: 100 });
    await time.run(1500);
    const next = send('b');
    send('a', { keepAliveMs: 60_000 });
    await time.run(30_000);
    expect([resident(), next.startedMs]).toEqual([['a'], undefined]);
    await time.run(100_000);
    expect(next.result?.loadMs).toBe(60_000 + 1000 + (2300 - 1500));
  });
});

describe('keep-alive', () => {
  it('counts from the end of the last call', async () => {
    const { time, send, machine, resident } = testWorld({ keepAliveMs: 1000 });
    send('a');
    await time.run(1100);
    expect(machine.runners[0]?.expiresAtMs).toBe(2100);
    await time.run(2199);
    expect([resident(), machine.runners[0]?.expiresAtMs]).toEqual([['a'], 2200]);
    await time.run(2200);
    expect(resident()).toEqual([]);
    expect(time.pending).toBe(0);
  });

  it('stays as it is when a call says nothing', async () => {
    const { time, send, machine } = testWorld();
    send('a', { keepAliveMs: 600_000 });
    send('a');
    await time.run(5000);
    expect(machine.runners[0]?.keepAliveMs).toBe(600_000);
  });

  it('lets go at once, or never', async () => {
    const { time, send, machine, resident } = testWorld();
    send('a', { keepAliveMs: 0 });
    send('b', { keepAliveMs: -1 });
    await time.run(1e9);
    expect([resident(), machine.evictions]).toEqual([['b'], 0]);
  });

  it('ends with unload: now, or when the last call is done', async () => {
    const { time, send, machine, resident } = testWorld();
    send('a');
    send('b', { outputTokens: 1000 });
    await time.run(5000);
    machine.unload('a');
    machine.unload('b');
    machine.unload('c');
    expect(resident()).toEqual(['b']);
    await time.run(20_000);
    expect(resident()).toEqual([]);
  });

  it('ends with an unload that comes while it loads, after the call', async () => {
    const { time, send, machine, resident } = testWorld();
    const call = send('a', { keepAliveMs: 60_000 });
    machine.unload('a');
    await time.run(5000);
    expect([call.endedMs, resident()]).toEqual([1200, []]);
  });
});

describe('cancelling', () => {
  it('takes a call out of the load queue', async () => {
    const { time, send, machine } = testWorld();
    send('a');
    const waiting = send('b');
    waiting.cancel();
    await time.run(10_000);
    expect([waiting.ends, machine.loads, machine.live]).toEqual([0, 1, 0]);
  });

  it('aborts the load that it caused, and others who waited for it load anew', async () => {
    const { time, send, machine } = testWorld();
    const [first, second] = [send('a'), send('a')];
    await time.run(600);
    first.cancel();
    await time.run(10_000);
    expect([first.ends, second.startedMs, machine.loads, machine.reloads]).toEqual([0, 1600, 2, 0]);
  });

  it('does not abort a load that others caused', async () => {
    const { time, send, machine } = testWorld();
    const [first, second] = [send('a'), send('a')];
    second.cancel();
    await time.run(10_000);
    expect([first.startedMs, second.ends, machine.loads]).toEqual([1000, 0, 1]);
  });

  it('takes a call out of the line for a slot', async () => {
    const { time, send } = testWorld();
    const [, second, third] = [send('a'), send('a'), send('a')];
    await time.run(1100);
    second?.cancel();
    await time.run(10_000);
    expect([second?.ends, third?.startedMs]).toEqual([0, 1200]);
  });

  it('frees the slot of a running call, and keeps what it had read', async () => {
    const { time, send, machine } = testWorld();
    const first = send('a', { prefix: [mark(1, 40), mark(2, 90)] });
    const second = send('a', { prefix: [mark(1, 40), mark(2, 90)] });
    await time.run(1050);
    first.cancel();
    first.cancel();
    expect(second.startedMs).toBe(1050);
    await time.run(10_000);
    expect([first.ends, second.ends, second.result?.cachedTokens]).toEqual([0, 1, 40]);
    expect(machine.runners[0]?.busy).toBe(0);
  });

  it('leaves a zombie, which keeps its slot and slows its neighbours for so long', async () => {
    const { time, send, machine } = testWorld({ parallel: 2, slowBySame: 1, loadMs: () => 0 });
    const first = send('a', { outputTokens: 1000 });
    await time.run(50);
    first.cancel(200);
    const [second, third] = [send('a', { outputTokens: 40 }), send('a')];
    expect([machine.zombies, machine.live, machine.runners[0]?.busy]).toEqual([1, 2, 2]);
    await time.run(249);
    expect([first.ends, second.firstTokenMs, third.startedMs]).toEqual([0, undefined, undefined]);
    await time.run(10_000);
    expect(second.firstTokenMs).toBe(250);
    expect(third.startedMs).toBe(250);
    expect([first.ends, machine.zombies, machine.runners[0]?.busy]).toEqual([0, 0, 0]);
  });

  it('ends a zombie when it is through, or when its runner goes', async () => {
    const { time, send, machine } = testWorld({ loadMs: () => 0 });
    const short = send('a');
    await time.run(150);
    short.cancel(10_000);
    await time.run(200);
    expect(machine.zombies).toBe(0);
    const long = send('b', { outputTokens: 1000 });
    await time.run(500);
    long.cancel(10_000);
    expect(machine.zombies).toBe(1);
    machine.unload('b');
    expect(machine.zombies).toBe(0);
  });
});

describe('faults', () => {
  it('hangs: nothing moves, and all goes on where it was', async () => {
    const { time, send, machine } = testWorld();
    const running = send('a', { outputTokens: 100 });
    await time.run(1500);
    machine.hang(true);
    const loading = send('b');
    await time.run(10_000);
    expect([running.outputTokens(), running.ends, loading.startedMs]).toEqual([41, 0, undefined]);
    machine.hang(false);
    await time.run(30_000);
    expect([running.endedMs, loading.startedMs]).toEqual([2100 + 8500, 11_000]);
  });

  it('is slow', async () => {
    const { time, send, machine } = testWorld();
    machine.slow(10);
    const call = send('a');
    await time.run(30_000);
    expect(call.endedMs).toBe(12_000);
  });

  it('crashes: all that is inside fails, the memory is empty, and it can be used again', async () => {
    const { time, send, machine, resident } = testWorld({ maxQueue: 10 });
    const done = send('a');
    const [running, zombie] = [send('a', { outputTokens: 1000 }), send('b', { outputTokens: 1000 })];
    await time.run(2500);
    const [waiting, loading, joined, queued] = [send('a'), send('c'), send('c'), send('b', { numCtx: 8192 })];
    zombie.cancel(60_000);
    machine.crash();
    expect(done.error).toBeUndefined();
    for (const call of [running, waiting, loading, joined, queued])
      expect([call.error, call.ends]).toEqual(['crashed', 1]);
    expect([machine.live, machine.zombies, machine.queued, machine.usedBytes]).toEqual([0, 0, 0, 0]);
    expect([resident(), time.pending]).toEqual([[], 0]);
    const next = send('a');
    await time.run(5000);
    expect([next.endedMs, waiting.ends, zombie.ends]).toEqual([3700, 1, 0]);
  });
});
