import type { MessageInitShape } from '@bufbuild/protobuf';
import type { HardwareSchema } from '@tutti/proto/tutti/agent/v1/state';

/** What people say of the memory that models may take. */
export interface MemoryLimits {
  /** Absent: worked out from the machine, if the backend runs on it. */
  readonly bytes?: number | undefined;
  /** Most models at a time. Absent or 0: the backend's own limit. */
  readonly maxRunners?: number | undefined;
}

/** The rest is the system's, and the agent's own. */
const modelsPart = 0.75;
/** Ollama's own limit. */
const runnersPerGpu = 3;

/** Memory for models on a machine of this kind: its GPUs', else most of its own. Undefined: nothing is known of it. */
export function modelMemory(
  { gpus = [], memoryTotalBytes }: MessageInitShape<typeof HardwareSchema>,
  { bytes, maxRunners }: MemoryLimits,
): { readonly modelMemoryBytes?: number; readonly maxRunners: number } {
  const gpuBytes = gpus.reduce((sum, gpu) => sum + (gpu.memoryTotalBytes ?? 0), 0);
  const ownBytes = gpuBytes > 0 ? gpuBytes : memoryTotalBytes && memoryTotalBytes * modelsPart;
  const modelMemoryBytes = bytes ?? ownBytes;
  return {
    maxRunners: maxRunners || runnersPerGpu * Math.max(1, gpus.length),
    ...(modelMemoryBytes !== undefined && { modelMemoryBytes }),
  };
}
