import type { Random } from '@tutti/core';
import { runnerBytes, type MachineModel, type MachineProfile } from '../machine-profile.ts';
import { seededRandom } from '../seeded-random.ts';
import { catalogue } from './catalogue.ts';
import { lognormal } from './draws.ts';
import { machineKinds, type MachineKind } from './machine-kind.ts';

/** Machines that somebody owns, and what is on their disks. */
export interface Fleet {
  readonly name: string;
  readonly seed: number;
  readonly nodes: readonly FleetNode[];
  /** All models of the fleet. */
  readonly models: readonly MachineModel[];
}

export interface FleetNode {
  readonly name: string;
  readonly kind: MachineKind;
  readonly profile: MachineProfile;
  /** On its disk: whatever runs there with the default context. */
  readonly models: readonly MachineModel[];
  /** Bytes of memory that it reads in a millisecond; no two machines of a kind are quite alike. */
  readonly bytesPerMs: number;
}

/** Fleets that were thought through; any other number repeats the kinds of the largest. */
const fleets = {
  n3: ['gpu22', 'gpu11', 'unified48'],
  n8: ['gpu44', 'gpu22', 'gpu22', 'gpu15', 'gpu11', 'unified48', 'jetson12', 'cpu6'],
  n30: [
    ...['gpu44', 'gpu22', 'gpu15', 'gpu11', 'unified48', 'gpu22', 'jetson12', 'gpu15', 'gpu11', 'cpu6'],
    ...['gpu22', 'gpu15', 'unified48', 'gpu11', 'gpu22', 'jetson12', 'gpu44', 'gpu11', 'gpu22', 'cpu6'],
    ...['unified48', 'gpu15', 'gpu22', 'jetson12', 'gpu11', 'gpu22', 'unified48', 'gpu15', 'jetson12', 'cpu6'],
  ],
} as Readonly<Record<NamedFleet, readonly (keyof typeof machineKinds)[]>>;

export type NamedFleet = 'n3' | 'n8' | 'n30';

export const defaultNumCtx = 4_096;

/** The fleet of that name, or one of so many machines; the seed decides how much each differs from its kind. */
export function fleet(size: NamedFleet | number, seed: number): Fleet {
  const random = seededRandom(seed);
  const name = typeof size === 'number' ? `n${size}` : size;
  const kinds = name in fleets ? fleets[name as NamedFleet] : repeated(fleets.n30, Number(size));
  const nodes = kinds.map((kind, index) => fleetNode(`${kind}-${index + 1}`, machineKinds[kind], random));
  return { name, seed, nodes, models: catalogue };
}

/** Whether the machine has the model and room to run it with that context length, if nothing else is in memory. */
export function canRun({ profile, models }: FleetNode, model: MachineModel, numCtx = defaultNumCtx): boolean {
  return models.includes(model) && runnerBytes(model, numCtx, profile.parallel) <= profile.memoryBytes;
}

function fleetNode(name: string, kind: MachineKind, random: Random): FleetNode {
  const bytesPerMs = lognormal(random, kind.bytesPerMs, 0.08);
  const loadBytesPerMs = lognormal(random, kind.loadBytesPerMs, 0.15);
  const decodeSpeed = ({ sizeBytes }: MachineModel): number => (1_000 * bytesPerMs) / sizeBytes;
  const profile: MachineProfile = {
    name,
    memoryBytes: kind.memoryBytes,
    parallel: kind.parallel,
    maxRunners: kind.maxRunners,
    maxQueue: 512,
    defaultNumCtx,
    keepAliveMs: 86_400_000,
    decodeSpeed,
    prefillSpeed: (model) => kind.prefillGain * decodeSpeed(model),
    loadMs: ({ sizeBytes }) => kind.loadMs + sizeBytes / loadBytesPerMs,
    slowBySame: kind.slowBySame,
    slowByOthers: 0.9,
  };
  const models = catalogue.filter((model) => runnerBytes(model, defaultNumCtx, kind.parallel) <= kind.memoryBytes);
  return { name, kind, profile, models, bytesPerMs };
}

function repeated<T>(items: readonly T[], count: number): T[] {
  return Array.from({ length: count }, (_, index) => items[index % items.length]!);
}
