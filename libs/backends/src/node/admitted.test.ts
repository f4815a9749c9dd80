import { abortError, delta, done, localPrincipal, progress, type Generate } from '@tutti/core';
import { seededRandom, virtualClock } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import { createSlots, type Limits } from './admitted.ts';
import { callWith, chatCall, collect, contextWith } from '../calls.fixture.ts';

/** A backend whose calls end when the test says so. */
function gatedBackend() {
  const gates: { model: string; open: () => void }[] = [];
  let running = 0;
  let most = 0;
  const generate: Generate = async function* ({ model }, { signal }) {
    running += 1;
    most = Math.max(most, running);
    try {
      yield delta({ text: 'x' });
      await new Promise<void>((resolve) => {
        gates.push({ model, open: resolve });
        signal.addEventListener('abort', () => resolve());
      });
      yield done({ reason: 'stop', timings: {} });
    } finally {
      running -= 1;
    }
  };
  return { generate, gates, running: () => running, most: () => most };
}

function rigWith(limits: Limits) {
  const backend = gatedBackend();
  const slots = createSlots({ ...limits, clock: virtualClock(), onChange: () => {} });
  const generate = slots.admitted(backend.generate);
  const start = (model: string, signal?: AbortSignal) => collect(generate(chatCall(model, 'hi'), contextWith(signal)));
  const startFor = (owner: string, model: string) =>
    collect(generate(chatCall(model, 'hi'), { ...contextWith(), principal: { ...localPrincipal, id: owner } }));
  const embed = (model: string, signal?: AbortSignal) =>
    collect(generate(callWith({ model, kind: { case: 'embed', value: { inputs: ['a'] } } }), contextWith(signal)));
  return { ...backend, slots, start, startFor, embed };
}

/** Lets everything that can run on, run on. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('slots', () => {
  it('run as many calls of a model as its runner has slots; one more waits; the rest hear no_slot', async () => {
    const { start, slots, gates } = rigWith({ total: 4, perRunner: 2 });
    const calls = ['m', 'm', 'm'].map((model) => start(model));
    await settled();
    expect([slots.busy, slots.waiting]).toEqual([2, 1]);
    expect((await start('m')).error).toMatchObject({ reason: 'no_slot' });
    for (let open = gates.shift(); open; open = gates.shift()) {
      open.open();
      await settled();
    }
    const answers = await Promise.all(calls);
    expect(answers.map(({ kinds }) => kinds.join(' '))).toEqual(Array(3).fill('accepted delta done'));
    expect([slots.busy, slots.waiting]).toEqual([0, 0]);
  });

  it('never run more calls than the node may, over all models', async () => {
    const { start, slots } = rigWith({ total: 2, perRunner: 2 });
    void start('a');
    void start('b');
    await settled();
    expect((await start('c')).error).toMatchObject({ reason: 'no_slot' });
    expect(slots.busy).toBe(2);
  });

  it('say how long a call waited', async () => {
    const { start, gates } = rigWith({ total: 1, perRunner: 1 });
    const first = start('m');
    const second = start('m');
    await settled();
    gates.shift()!.open();
    await first;
    await settled();
    gates.shift()!.open();
    expect((await second).done?.timings?.queueMs).toBe(0);
  });

  it('take back the place of a call that is aborted while it waits', async () => {
    const { start, slots, gates } = rigWith({ total: 1, perRunner: 1 });
    const running = start('m');
    const controller = new AbortController();
    const waiting = start('m', controller.signal);
    await settled();
    controller.abort();
    expect((await waiting).error).toMatchObject({ reason: 'client_closed' });
    expect([slots.busy, slots.waiting]).toEqual([1, 0]);
    gates.shift()!.open();
    await running;
  });

  it('keep a slot until the stream is over, not only until it is aborted', async () => {
    const { start, slots, running } = rigWith({ total: 1, perRunner: 1 });
    const controller = new AbortController();
    const call = start('m', controller.signal);
    await settled();
    controller.abort();
    expect([slots.busy, running()]).toEqual([1, 1]);
    await call;
    await settled();
    expect([slots.busy, running()]).toEqual([0, 0]);
  });

  it('know when nothing runs any more', async () => {
    const { start, slots, gates } = rigWith({ total: 1, perRunner: 1 });
    void start('m');
    await settled();
    let idle = false;
    const waiting = slots.idle().then(() => (idle = true));
    await settled();
    expect(idle).toBe(false);
    gates.shift()!.open();
    await waiting;
  });
});

describe('embeddings of one model', () => {
  it('share a slot, up to 32 of them, and take one from everybody else', async () => {
    const { embed, start, slots, gates } = rigWith({ total: 2, perRunner: 1 });
    const calls = Array.from({ length: 32 }, () => embed('e'));
    await settled();
    expect([slots.busy, slots.waiting]).toEqual([1, 0]);
    expect((await embed('e')).error).toMatchObject({ reason: 'no_slot' });
    void start('m');
    await settled();
    expect((await start('other')).error).toMatchObject({ reason: 'no_slot' });
    for (let gate = gates.shift(); gate; gate = gates.shift()) gate.open();
    await Promise.all(calls);
    await settled();
    expect(slots.busy).toBe(0);
  });

  it('keep the slot until the last of them is over', async () => {
    const { embed, slots, gates } = rigWith({ total: 1, perRunner: 1 });
    const controller = new AbortController();
    const calls = [embed('e', controller.signal), embed('e')];
    await settled();
    controller.abort();
    await calls[0];
    await settled();
    expect(slots.busy).toBe(1);
    gates[1]!.open();
    await calls[1];
    await settled();
    expect(slots.busy).toBe(0);
  });
});

describe('several orchestrators', () => {
  it('take turns on one slot: who was refused goes before who has just been served', async () => {
    const { startFor, gates } = rigWith({ total: 1, perRunner: 1 });
    const order: string[] = [];
    const first = startFor('a', 'm');
    await settled();
    const second = startFor('a', 'm');
    expect((await startFor('b', 'm')).error).toMatchObject({ reason: 'no_slot' });
    await settled();
    gates.shift()!.open();
    await first;
    await settled();
    expect((await startFor('a', 'm')).error).toMatchObject({ reason: 'no_slot' });
    const third = startFor('b', 'm').then(() => order.push('b'));
    await settled();
    gates.shift()!.open();
    await second;
    await settled();
    gates.shift()!.open();
    await third;
    expect(order).toEqual(['b']);
  });
});

describe('a call that ends', () => {
  it('by a cancel before it answered keeps its slot as a zombie until the backend is done with it', async () => {
    const burning = Promise.withResolvers<void>();
    const slots = createSlots({
      total: 1,
      perRunner: 1,
      clock: virtualClock(),
      onChange: () => {},
      burntOut: () => burning.promise,
    });
    const controller = new AbortController();
    const silent: Generate = async function* (_, { signal }) {
      yield progress({ case: 'started', value: {} });
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      throw abortError(signal);
    };
    const call = collect(slots.admitted(silent)(chatCall('m', 'hi'), contextWith(controller.signal)));
    await settled();
    controller.abort();
    await call;
    expect([slots.busy, slots.zombie]).toEqual([0, 1]);
    await slots.idle();
    burning.resolve();
    await settled();
    expect([slots.busy, slots.zombie]).toEqual([0, 0]);
  });

  it('by a cancel after it answered is over at once', async () => {
    const slots = createSlots({
      total: 1,
      perRunner: 1,
      clock: virtualClock(),
      onChange: () => {},
      burntOut: () => new Promise(() => {}),
    });
    const { generate } = gatedBackend();
    const controller = new AbortController();
    const call = collect(slots.admitted(generate)(chatCall('m', 'hi'), contextWith(controller.signal)));
    await settled();
    controller.abort();
    await call;
    await settled();
    expect([slots.busy, slots.zombie]).toEqual([0, 0]);
  });
});

it('never runs more than allowed and ends empty, whatever the order of starts, ends and aborts', async () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = seededRandom(seed);
    const { start, slots, gates, most } = rigWith({ total: 3, perRunner: 2 });
    const controllers: AbortController[] = [];
    const calls: Promise<unknown>[] = [];
    for (let step = 0; step < 100; step++) {
      const roll = random();
      if (roll < 0.5) {
        const controller = new AbortController();
        controllers.push(controller);
        calls.push(start(random() < 0.5 ? 'a' : 'b', controller.signal));
      } else if (roll < 0.75) gates.splice(Math.floor(random() * gates.length), 1)[0]?.open();
      else controllers.splice(Math.floor(random() * controllers.length), 1)[0]?.abort();
      await settled();
      expect(slots.waiting, `seed ${seed}, step ${step}`).toBeLessThanOrEqual(2);
    }
    for (const controller of controllers) controller.abort();
    await Promise.all(calls);
    await settled();
    expect(most(), `seed ${seed}`).toBeLessThanOrEqual(3);
    expect([slots.busy, slots.waiting], `seed ${seed}`).toEqual([0, 0]);
  }
});
