import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { NodeStateSchema } from '@tutti/proto/tutti/agent/v1/state';
import { seededRandom } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import { checkedState } from './checked-state.ts';

type Report = MessageInitShape<typeof NodeStateSchema>;

const reported = (report: Report) => create(NodeStateSchema, report);
const check = (report: Report, before?: Report) => checkedState(reported(report), before && reported(before));

/** What an honest agent says. */
const honest: Report = {
  seq: 3,
  bootId: 'b',
  backend: { kind: 'ollama', version: '0.17.4' },
  models: [
    {
      name: 'llama:1b',
      digest: 'ab',
      sizeBytes: 1e9,
      contextLength: 8_192,
      capabilities: ['completion'],
      detailsJson: '{}',
    },
    { name: 'embed', sizeBytes: 4e7 },
  ],
  runners: [
    { model: 'llama:1b', contextLength: 4_096, sizeBytes: 2e9, vramBytes: 2e9, expiresInMs: -1, slots: 2, busy: 1 },
  ],
  slots: { total: 4, busy: 1, waiting: 1, perRunner: 2, zombie: 1 },
  hardware: {
    hostname: 'box',
    cpuLoad: 0.5,
    memoryTotalBytes: 8e9,
    memoryAvailableBytes: 4e9,
    gpus: [{ name: 'g', load: 1 }],
  },
  modelMemoryBytes: 8e9,
  embedBatches: { calls: 10, requests: 4, inputs: 30, largest: 5 },
};

it('an honest report stays as it is', () => {
  const { state, warnings } = check(honest, honest);
  expect(state).toEqual(reported(honest));
  expect(warnings).toEqual([]);
});

it('nothing at all is a report too', () => {
  expect(check({})).toEqual({ state: reported({}), warnings: [] });
});

describe('a number that cannot be', () => {
  it.each<[string, Report, object, RegExp]>([
    [
      'slots',
      { slots: { total: 0, perRunner: 0 } },
      { slots: { total: 1, perRunner: 1 } },
      /slots\.total was 0: taken as 1\./,
    ],
    ['slots', { slots: { total: 1e9, perRunner: 1 } }, { slots: { total: 1_024 } }, /1000000000: taken as 1024/],
    ['busy slots', { slots: { total: 2, perRunner: 1, busy: 9 } }, { slots: { busy: 2 } }, /slots\.busy was 9/],
    ['zombies', { slots: { total: 2, perRunner: 1, zombie: 9 } }, { slots: { zombie: 2 } }, /slots\.zombie was 9/],
    ['load', { hardware: { cpuLoad: 7 } }, { hardware: { hostname: '' } }, /cpuLoad was 7: taken as unknown/],
    [
      'calls',
      { runners: [{ model: 'm', busy: 4e9 }] },
      { runners: [{ busy: 1_024 }] },
      /calls on its runner was 4000000000/,
    ],
  ])('%s: %j', (_, report, expected, warning) => {
    const { state, warnings } = check(report);
    expect(state).toMatchObject(expected);
    expect(warnings.join('\n')).toMatch(warning);
  });

  it.each([-1, NaN, Infinity, -Infinity, 1e300])('is not taken for a size: %d', (size) => {
    const { state, warnings } = check({
      models: [{ name: 'm', sizeBytes: size }],
      runners: [{ model: 'm', sizeBytes: size, vramBytes: size, expiresInMs: size === -1 ? NaN : size }],
      hardware: {
        memoryTotalBytes: size,
        gpus: [{ memoryTotalBytes: size, memoryUsedBytes: size, temperatureC: 1e9 }],
      },
      modelMemoryBytes: size,
    });
    expect(state).toEqual(reported({ models: [{ name: 'm' }], runners: [{ model: 'm' }], hardware: { gpus: [{}] } }));
    expect(warnings).toHaveLength(9);
  });
});

describe('sizes that do not fit', () => {
  const hardware = { memoryTotalBytes: 100, gpus: [{ memoryTotalBytes: 50 }] };

  it('a runner takes no more than the machine has', () => {
    const { state, warnings } = check({
      hardware,
      runners: [
        { model: 'm', sizeBytes: 151 },
        { model: 'n', sizeBytes: 150 },
      ],
    });
    expect(state.runners.map(({ sizeBytes }) => sizeBytes)).toEqual([undefined, 150]);
    expect(warnings).toEqual(['m: memory of its runner was 151: taken as unknown.']);
  });

  it('a model server on a larger machine has more', () => {
    const report = { hardware, modelMemoryBytes: 1_000, runners: [{ model: 'm', sizeBytes: 1_000 }] };
    expect(check(report).warnings).toEqual([]);
  });

  it('no part is larger than the whole', () => {
    const { state } = check({
      hardware: {
        memoryTotalBytes: 100,
        memoryAvailableBytes: 101,
        gpus: [{ memoryTotalBytes: 5, memoryUsedBytes: 6 }],
      },
      runners: [{ model: 'm', sizeBytes: 10, vramBytes: 11 }],
    });
    expect(state.hardware?.memoryAvailableBytes).toBeUndefined();
    expect(state.hardware?.gpus[0]?.memoryUsedBytes).toBeUndefined();
    expect(state.runners[0]?.vramBytes).toBeUndefined();
  });
});

describe('lists', () => {
  it('of 10,000 models the first 2,000 by name count, whatever their order', () => {
    const names = Array.from({ length: 10_000 }, (_, index) => `m${String(9_999 - index).padStart(5, '0')}`);
    const { state, warnings } = check({ models: names.map((name) => ({ name })) });
    expect(state.models).toHaveLength(2_000);
    expect([state.models[0]?.name, state.models.at(-1)?.name]).toEqual(['m00000', 'm01999']);
    expect(warnings).toEqual(['models: 10000 reported, the first 2000 by name count.']);
  });

  it('have each name once, however it is written', () => {
    const { state, warnings } = check({
      models: [
        { name: 'm', digest: 'first' },
        { name: 'm:latest', digest: 'second' },
      ],
      runners: [{ model: 'm', busy: 1 }, { model: 'm' }],
    });
    expect(state.models.map(({ digest }) => digest)).toEqual(['first']);
    expect(state.runners.map(({ busy }) => busy)).toEqual([1]);
    expect(warnings).toEqual([
      'models: m:latest is there more than once: the first one counts.',
      'runners: m:latest is there more than once: the first one counts.',
    ]);
  });

  it.each(['', ' ', 'a\nb', 'a\u0000', 'a\u202eb', 'x'.repeat(257)])('have no name such as %j', (name) => {
    const { state, warnings } = check({ models: [{ name }, { name: 'm' }] });
    expect(state.models.map((model) => model.name)).toEqual(['m']);
    expect(warnings).toEqual(['models: 1 without a usable name left out.']);
  });

  it('of runners, GPUs and capabilities end somewhere', () => {
    const { state } = check({
      runners: Array.from({ length: 100 }, (_, index) => ({ model: `m${index}` })),
      hardware: { gpus: Array.from({ length: 100 }, () => ({})) },
      models: [{ name: 'm', capabilities: Array.from({ length: 100 }, String) }],
    });
    expect([state.runners.length, state.hardware?.gpus.length, state.models[0]?.capabilities.length]).toEqual([
      64, 64, 32,
    ]);
  });
});

describe('texts', () => {
  it('are cut and printable', () => {
    const { state, warnings } = check({
      backend: { problem: `a\r\n\u001b[31m${'x'.repeat(5_000)}` },
      hardware: { hostname: 'box\u0007' },
    });
    expect(state.backend?.problem).toMatch(/^a {3}\[31mx{900,}$/);
    expect(state.backend?.problem).toHaveLength(1_000);
    expect(state.hardware?.hostname).toBe('box ');
    expect(warnings).toHaveLength(2);
  });

  it.each(['{', '[]', '"x"', 'null', `{"a":"${'x'.repeat(20_000)}"}`])(
    'that others would print as JSON are JSON: %.9s',
    (json) => {
      const { state, warnings } = check({
        models: [{ name: 'm', detailsJson: json }],
        runners: [{ model: 'm', detailsJson: json, optionsJson: json }],
      });
      expect([state.models[0]?.detailsJson, state.runners[0]?.detailsJson]).toEqual(['', '']);
      expect(state.runners[0]?.optionsJson).toBeUndefined();
      expect(warnings).toHaveLength(3);
    },
  );
});

it.each([
  ['back', { calls: 10, requests: 4, inputs: 29 }, 30],
  ['far ahead', { calls: 10, requests: 4, inputs: 1e12 }, 30],
  ['to no number', { calls: 10, requests: 4, inputs: NaN }, 30],
  ['on', { calls: 10, requests: 4, inputs: 31 }, 31],
])('a counter that jumps %s', (_, embedBatches, inputs) => {
  const { state, warnings } = check({ embedBatches }, honest);
  expect(state.embedBatches?.inputs).toBe(inputs);
  expect(warnings).toHaveLength(inputs === 31 ? 0 : 1);
});

it('the warnings end somewhere', () => {
  const { warnings } = check({ models: Array.from({ length: 50 }, (_, i) => ({ name: `m${i}`, sizeBytes: -1 })) });
  expect(warnings).toHaveLength(21);
  expect(warnings.at(-1)).toBe('There is more: 30 other values were not as they can be.');
});

it('whatever the numbers are, those that come out can be, and a second look changes nothing', () => {
  const odd = [-1, 0, 1, 0.5, NaN, Infinity, -Infinity, 2 ** 53, 1e300, -0];
  for (let seed = 1; seed <= 300; seed++) {
    const random = seededRandom(seed);
    const number = () => odd[Math.floor(random() * odd.length)]!;
    const { state } = check({
      models: [{ name: 'm', sizeBytes: number() }],
      runners: [{ model: 'm', sizeBytes: number(), vramBytes: number(), expiresInMs: number() }],
      slots: { total: Math.floor(random() * 2 ** 32), busy: Math.floor(random() * 2 ** 32) },
      hardware: { cpuLoad: number(), memoryTotalBytes: number(), memoryAvailableBytes: number() },
      modelMemoryBytes: number(),
      embedBatches: { calls: number(), requests: number(), inputs: number() },
    });
    const numbers = JSON.stringify(state, (_, value: unknown) =>
      typeof value === 'number' && !Number.isFinite(value) ? 'odd' : value,
    );
    expect(numbers, `seed ${seed}`).not.toContain('odd');
    expect(state.slots!.busy, `seed ${seed}`).toBeLessThanOrEqual(state.slots!.total);
    expect(checkedState(state), `seed ${seed}`).toEqual({ state, warnings: [] });
  }
});
