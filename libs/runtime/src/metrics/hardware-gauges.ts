import type { Gpu, Hardware } from '@tutti/proto/tutti/agent/v1/state';
import type { Reading, Registry } from './registry.ts';

/** A machine under the labels that tell it from others. */
export interface Machine {
  readonly labels: Readonly<Record<string, string>>;
  readonly hardware: Hardware | undefined;
}

interface Options {
  /** What the names begin with. */
  readonly prefix: string;
  /** Names of the labels that every machine has. */
  readonly labels: readonly string[];
  readonly machines: () => Iterable<Machine> | Promise<Iterable<Machine>>;
}

/** Gauges of processors, memory and GPUs. What is not known is absent. */
export function hardwareGauges(registry: Registry, { prefix, labels, machines }: Options): void {
  const ofMachine = (name: string, help: string, value: (hardware: Hardware) => number | undefined): void =>
    registry.gauge(`${prefix}_${name}`, help, labels, async () =>
      known([...(await machines())].map(({ labels, hardware }) => ({ labels, value: hardware && value(hardware) }))),
    );
  const ofGpus = (name: string, help: string, value: (gpu: Gpu) => number | undefined): void =>
    registry.gauge(`${prefix}_${name}`, help, [...labels, 'gpu'], async () =>
      known(
        [...(await machines())].flatMap(({ labels, hardware }) =>
          (hardware?.gpus ?? []).map((gpu, index) => ({
            labels: { ...labels, gpu: String(index) },
            value: value(gpu),
          })),
        ),
      ),
    );

  ofMachine('cpu_utilization_ratio', 'Processors busy, 0 to 1.', (hardware) => hardware.cpuLoad);
  ofMachine('memory_total_bytes', 'Memory of the machine.', (hardware) => hardware.memoryTotalBytes);
  ofMachine(
    'memory_available_bytes',
    'Memory that programs can still take.',
    (hardware) => hardware.memoryAvailableBytes,
  );
  ofGpus('vram_total_bytes', 'Memory of the GPU.', (gpu) => gpu.memoryTotalBytes);
  ofGpus('vram_used_bytes', 'Memory of the GPU that is taken.', (gpu) => gpu.memoryUsedBytes);
  ofGpus('gpu_utilization_ratio', 'GPU busy, 0 to 1.', (gpu) => gpu.load);
  ofGpus('gpu_temperature_celsius', 'Temperature of the GPU.', (gpu) => gpu.temperatureC);
}

function known(readings: readonly { labels: Reading['labels']; value: number | undefined }[]): Reading[] {
  return readings.flatMap(({ labels, value }) => (value === undefined ? [] : [{ labels, value }]));
}
