import { expect, it } from 'vitest';
import { processorNamed } from './processors.ts';

const bandwidth = (name: string): number | undefined => {
  const processor = processorNamed(name);
  return processor && processor.bytesPerSecond / 1e9;
};

it.each([
  ['NVIDIA GeForce RTX 4090', 1_008],
  ['NVIDIA GeForce RTX 4090 Laptop GPU', 576],
  ['NVIDIA GeForce RTX 3090', 936],
  ['NVIDIA GeForce RTX 3090 Ti', 1_008],
  ['NVIDIA GeForce RTX 3080 Ti', 912],
  ['NVIDIA GeForce RTX 3080 Ti Laptop GPU', 448],
  ['NVIDIA GeForce RTX 3060 Ti', 448],
  ['NVIDIA GeForce RTX 3060', 360],
  ['NVIDIA GeForce RTX 4070 Ti SUPER', 672],
  ['NVIDIA GeForce RTX 4070 SUPER', 504],
  ['NVIDIA GeForce GTX 1080 Ti', 484],
  ['NVIDIA RTX A6000', 768],
  ['NVIDIA RTX 6000 Ada Generation', 960],
  ['NVIDIA RTX A4000', 448],
  ['NVIDIA A100-SXM4-40GB', 1_555],
  ['NVIDIA A100-SXM4-80GB', 1_935],
  ['NVIDIA H100 80GB HBM3', 3_350],
  ['NVIDIA H100 PCIe', 2_000],
  ['NVIDIA L4', 300],
  ['NVIDIA L40S', 864],
  ['Tesla T4', 320],
  ['Orin (nvgpu)', 102],
  ['Apple M2 Max', 400],
  ['Apple M4 Pro', 273],
  ['Apple M1', 68],
  ['AMD Radeon RX 7900 XTX', 960],
  ['Intel(R) Arc(TM) A770 Graphics', 560],
])('knows the memory of %s', (name, gigabytes) => {
  expect(bandwidth(name)).toBe(gigabytes);
});

it.each(['', 'Intel(R) Xeon(R) Processor', 'AMD Ryzen 9 7950X 16-Core Processor', 'NVIDIA GeForce RTX', 'llvmpipe'])(
  'knows nothing of "%s"',
  (name) => {
    expect(processorNamed(name)).toBeUndefined();
  },
);

it('is not held up by names that nobody gives', () => {
  const from = performance.now();
  for (const part of ['rtx ', 'arc ', 'a100', ' ']) processorNamed(part.repeat(64_000));
  expect(performance.now() - from).toBeLessThan(1_000);
});
