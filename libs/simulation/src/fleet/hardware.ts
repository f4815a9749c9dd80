import type { MessageInitShape } from '@bufbuild/protobuf';
import type { HardwareSchema } from '@tutti/proto/tutti/agent/v1/state';
import type { FleetNode } from './fleet.ts';

/** What an agent on that machine would say of it. */
export function hardwareOf({ name, kind }: FleetNode): MessageInitShape<typeof HardwareSchema> {
  const { gpu, memoryBytes } = kind;
  return {
    hostname: name,
    os: 'linux',
    arch: 'x64',
    // No model of a simulated machine reaches beyond its GPU.
    ...(gpu === undefined
      ? { memoryTotalBytes: memoryBytes }
      : { gpus: [{ name: gpu, memoryTotalBytes: memoryBytes }] }),
  };
}
