import { expect, it } from 'vitest';
import { modelMemory } from './model-memory.ts';

const gigabyte = 2 ** 30;
const card = { memoryTotalBytes: 24 * gigabyte };
const machine = { memoryTotalBytes: 64 * gigabyte };

it.each([
  ['that of all GPUs', { ...machine, gpus: [card, card] }, {}, { modelMemoryBytes: 48 * gigabyte, maxRunners: 6 }],
  ['three quarters of the machine', machine, {}, { modelMemoryBytes: 48 * gigabyte, maxRunners: 3 }],
  [
    'so too with a GPU that shares it',
    { ...machine, gpus: [{ name: 'Orin' }] },
    {},
    { modelMemoryBytes: 48 * gigabyte, maxRunners: 3 },
  ],
  ['unknown on an unknown machine', {}, {}, { maxRunners: 3 }],
  [
    'what people say',
    { ...machine, gpus: [card] },
    { bytes: 8 * gigabyte, maxRunners: 1 },
    { modelMemoryBytes: 8 * gigabyte, maxRunners: 1 },
  ],
])('memory for models: %s', (_, hardware, limits, expected) => {
  expect(modelMemory(hardware, limits)).toEqual(expected);
});
