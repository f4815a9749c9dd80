import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { NodeStateSchema, type HardwareSchema, type NodeState } from '@tutti/proto/tutti/agent/v1/state';
import type { MachineModel, MachineProfile } from '../machine-profile.ts';
import type { Machine } from '../machine.ts';
import type { Placement } from './placement.ts';

export interface SnapshotSource {
  readonly machine: Machine;
  readonly profile: MachineProfile;
  readonly models: readonly MachineModel[];
  readonly hardware: MessageInitShape<typeof HardwareSchema>;
  readonly bootId: string;
}

/** What an agent in front of the machine would report now. */
export function snapshot(source: SnapshotSource, placement: Placement, seq: number, nowMs: number): NodeState {
  const { machine, profile, models, hardware, bootId } = source;
  const runners = machine.runners.filter(({ loading }) => !loading);
  const busy = runners.reduce((sum, runner) => sum + runner.busy, 0);
  return create(NodeStateSchema, {
    seq,
    bootId,
    backend: { kind: 'ollama', version: '0.17.4' },
    models: models.map(modelOf),
    runners: runners.map((runner) => ({
      model: runner.model,
      digest: digestOf(runner.model),
      contextLength: runner.numCtx,
      sizeBytes: runner.bytes,
      vramBytes: runner.bytes,
      expiresInMs: runner.expiresAtMs - nowMs,
      slots: runner.slots,
      busy: runner.busy,
      optionsJson: runner.runnerOptions,
    })),
    slots: {
      total: profile.parallel * profile.maxRunners,
      perRunner: profile.parallel,
      busy,
      zombie: machine.zombies,
      waiting: Math.max(0, placement.calls - busy),
    },
    hardware,
    modelMemoryBytes: profile.memoryBytes,
    maxRunners: profile.maxRunners,
    loading: machine.runners.find(({ loading }) => loading)?.model ?? '',
  });
}

function modelOf({ name, sizeBytes, trainedContext, embedding }: MachineModel) {
  return {
    name,
    digest: digestOf(name),
    sizeBytes,
    contextLength: trainedContext,
    capabilities: [embedding ? 'embedding' : 'completion'],
  };
}

/** Any text that is the same on all nodes, and no other model's. */
function digestOf(name: string): string {
  const hex = Array.from(name, (character) => character.charCodeAt(0).toString(16)).join('');
  return hex.padEnd(64, '0').slice(0, 64);
}
