import { expect, it } from 'vitest';
import { testModel, testProfile, testWorld, type Tracked, type World } from './machine.fixture.ts';
import { createMachine } from './machine.ts';
import { seededRandom } from './seeded-random.ts';
import { createTimeline, type Timeline } from './timeline.ts';

const memoryBytes = 20_000;
const maxRunners = 3;
const maxQueue = 6;
const parallel = 2;

const models = Array.from({ length: 7 }, (_, index) =>
  testModel(`m${index}:latest`, { sizeBytes: 1000 + 2500 * index, bytesPerToken: 1, embedding: index === 0 }),
);

interface Sent {
  readonly call: Tracked;
  readonly model: string;
  cancelled: boolean;
}

interface Run {
  readonly world: World;
  readonly sent: readonly Sent[];
  readonly seen: string[];
}

/** A random hour on one machine: calls, cancels, zombies, unloads, hangs, slowness, crashes; `check` looks at each moment. */
async function live(seed: number, check: (world: World) => void = () => {}): Promise<Run> {
  const random = seededRandom(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const world = testWorld(
    { memoryBytes, maxRunners, maxQueue, parallel, slowBySame: 0.2, slowByOthers: 0.9, keepAliveMs: 20_000 },
    models,
  );
  const { time, machine } = world;
  const sent: Sent[] = [];
  const seen: string[] = [];

  function act(): void {
    const chance = random();
    if (chance < 0.75) {
      const { name } = pick(models);
      const call = world.send(name, {
        promptTokens: Math.floor(random() * 3000),
        outputTokens: name === 'm0:latest' ? 0 : Math.floor(random() * 400),
        prefix: [{ hash: Math.floor(random() * 3), tokens: 100 }],
        ...(random() < 0.3 && { numCtx: pick([512, 2048, 8192]) }),
        ...(random() < 0.2 && { keepAliveMs: pick([0, 1000, 60_000]) }),
        truncate: random() < 0.9,
      });
      sent.push({ call, model: name, cancelled: false });
    } else if (chance < 0.9) {
      const open = sent.filter((entry) => entry.call.ends === 0 && !entry.cancelled);
      if (open.length === 0) return;
      const entry = pick(open);
      entry.cancelled = true;
      entry.call.cancel(random() < 0.3 ? random() * 5000 : 0);
    } else if (chance < 0.97) machine.unload(pick(models).name);
    else if (chance < 0.985) machine.slow(pick([1, 1, 4]));
    else if (chance < 0.995) {
      machine.hang(true);
      time.after(random() * 3000, () => machine.hang(false));
    } else machine.crash();
  }

  for (let step = 0; step < 400; step++) {
    act();
    check(world);
    await time.run(time.now() + (random() < 0.5 ? 0 : random() * 3000));
    check(world);
    seen.push(JSON.stringify([time.now(), machine.runners, machine.live, machine.queued, machine.loads]));
  }
  machine.hang(false);
  machine.slow(1);
  await time.run(Infinity);
  check(world);
  return { world, sent, seen };
}

const seeds = Array.from({ length: 40 }, (_, index) => index + 1);

it('never holds more than it may, and loads one model at a time', async () => {
  for (const seed of seeds) {
    await live(seed, ({ machine }) => {
      const { runners } = machine;
      const bytes = runners.reduce((sum, runner) => sum + runner.bytes, 0);
      const broken = [
        machine.usedBytes !== bytes && 'counts other bytes than it holds',
        bytes > memoryBytes && 'holds too many bytes',
        runners.length > maxRunners && 'holds too many models',
        new Set(runners.map((runner) => runner.model)).size < runners.length && 'holds a model twice',
        runners.filter((runner) => runner.loading).length > 1 && 'loads two models',
        machine.queued > maxQueue + 1 && 'lets too many wait',
        runners.some((runner) => runner.busy > runner.slots) && 'runs more calls than it has slots',
        runners.some((runner) => runner.waiting > 0 && runner.busy < runner.slots) && 'leaves a slot free',
      ];
      expect(broken.filter(Boolean), `seed ${seed}`).toEqual([]);
    });
  }
});

it('ends every call exactly once, none that was cancelled, and keeps nothing', async () => {
  const endings = new Map<string, number>();
  for (const seed of seeds) {
    const { world, sent } = await live(seed);
    for (const { call, cancelled } of sent) {
      const ending = cancelled ? 'cancelled' : (call.error ?? 'ended');
      endings.set(ending, (endings.get(ending) ?? 0) + 1);
      expect(call.ends, `seed ${seed}`).toBe(cancelled ? 0 : 1);
    }
    const { machine, time } = world;
    expect([machine.live, machine.zombies, machine.queued, machine.runners, time.pending], `seed ${seed}`).toEqual([
      0,
      0,
      0,
      [],
      0,
    ]);
  }
  // Each way to end was met, else the histories prove little.
  expect([...endings.keys()].toSorted()).toEqual(['busy', 'cancelled', 'crashed', 'does_not_fit', 'ended', 'too_long']);
});

it('does the same for the same seed', async () => {
  for (const seed of seeds.slice(0, 5)) {
    const [one, other] = [await live(seed), await live(seed)];
    expect(one.seen, `seed ${seed}`).toEqual(other.seen);
  }
});

it('starts calls that find their model in memory in the order in which they came', async () => {
  for (const seed of seeds) {
    const random = seededRandom(seed);
    const world = testWorld({ memoryBytes, maxRunners, parallel }, models);
    const byModel = new Map<string, Tracked[]>();
    for (let step = 0; step < 80; step++) {
      const { name } = models[Math.floor(random() * 4)] ?? { name: '' };
      const calls = byModel.get(name) ?? [];
      byModel.set(name, [...calls, world.send(name, { outputTokens: Math.floor(random() * 200) })]);
      await world.time.run(world.time.now() + random() * 500);
    }
    await world.time.run(Infinity);
    for (const calls of byModel.values()) {
      const starts = calls.filter((call) => call.result?.loadMs === 0).map((call) => call.startedMs);
      expect(starts, `seed ${seed}`).toEqual(starts.toSorted((a, b) => (a ?? 0) - (b ?? 0)));
    }
  }
});

it('does in a shared machine exactly the work of each call', async () => {
  for (const seed of seeds.slice(0, 20)) {
    const random = seededRandom(seed);
    const world = testWorld({ parallel: 4, slowBySame: 0.2, slowByOthers: 0.9 }, models);
    const calls = Array.from({ length: 30 }, () => {
      const outputTokens = 1 + Math.floor(random() * 300);
      return world.send(`m${1 + Math.floor(random() * 3)}`, { outputTokens });
    });
    await world.time.run(Infinity);
    for (const { result } of calls) {
      // Never faster than alone, never slower than beside all that has room.
      const aloneMs = 100 + (result?.outputTokens ?? 0) * 10;
      const tookMs = (result?.promptMs ?? 0) + (result?.outputMs ?? 0);
      expect(tookMs, `seed ${seed}`).toBeGreaterThanOrEqual(aloneMs - 1e-6);
      expect(tookMs, `seed ${seed}`).toBeLessThanOrEqual(aloneMs * (1 + 3 * 0.2 + 8 * 0.9) + 1e-6);
    }
  }
});

it('takes a handful of events for a call, however many tokens it has', async () => {
  const time = createTimeline();
  let events = 0;
  const counted: Timeline = {
    ...time,
    after: (delayMs, task) =>
      time.after(delayMs, () => {
        events++;
        task();
      }),
  };
  const machine = createMachine(testProfile({ parallel: 4, slowBySame: 0.2 }), models, counted);
  let ended = 0;
  for (let id = 0; id < 1000; id++) {
    const call = { model: `m${id % 3}`, promptTokens: 5000, outputTokens: 1000, prefix: [] };
    time.after(id * 1000, () => machine.submit(call, { ended: () => ended++, failed: () => {} }));
  }
  await time.run(Infinity);
  expect(ended).toBe(1000);
  expect(events).toBeLessThan(5 * ended);
});
