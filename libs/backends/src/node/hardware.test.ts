import { expect, it } from 'vitest';
import { hardwareProbe, parseGpu } from './hardware.ts';

it('tells the machine as it is', async () => {
  const { cpuCount, memoryTotalBytes, memoryAvailableBytes, hostname } = await hardwareProbe()();
  expect(cpuCount).toBeGreaterThan(0);
  expect(memoryAvailableBytes).toBeGreaterThan(0);
  expect(memoryAvailableBytes).toBeLessThanOrEqual(memoryTotalBytes!);
  expect(hostname).not.toBe('');
});

it('reads a line of nvidia-smi', () => {
  expect(parseGpu('NVIDIA H200, 143771, 1024, 31, 25')).toEqual({
    name: 'NVIDIA H200',
    memoryTotalBytes: 143_771 * 2 ** 20,
    memoryUsedBytes: 2 ** 30,
    temperatureC: 31,
    load: 0.25,
  });
});

it('leaves out what a card cannot tell', () => {
  expect(parseGpu('Orin, [N/A], [N/A], [Not Supported], 10')).toEqual({ name: 'Orin', load: 0.1 });
});
