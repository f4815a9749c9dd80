import type { Hardware, Model, NodeState, Runner } from '@tutti/proto/tutti/agent/v1/state';
import { canonicalModel } from '../model-name.ts';
import type { ModelFacts, NodeFacts, RunnerFacts } from './node-facts.ts';

/** The part of a node's facts that its report tells. */
export type Reported = Pick<
  NodeFacts,
  | 'slots'
  | 'slotsPerRunner'
  | 'zombies'
  | 'memoryBytes'
  | 'spillBytes'
  | 'maxRunners'
  | 'models'
  | 'runners'
  | 'hasGpu'
  | 'processor'
>;

/** Reads a report. `ours`: how many of our own calls ran on a model when it came. */
export function reportedFacts(state: NodeState, ours: (model: string) => number): Reported {
  const { slots, modelMemoryBytes, maxRunners } = state;
  const slotsPerRunner = Math.max(1, slots?.perRunner ?? 1);
  return {
    slots: Math.max(1, slots?.total ?? 1),
    slotsPerRunner,
    zombies: slots?.zombie ?? 0,
    memoryBytes: modelMemoryBytes,
    maxRunners,
    ...graphics(state),
    models: new Map(state.models.map((model) => [canonicalModel(model.name), modelFacts(model)])),
    runners: withLoad(
      state.runners.map((runner) => runnerFacts(runner, slotsPerRunner, ours)),
      state.loading,
      slotsPerRunner,
    ),
  };
}

/** Backends let a model that is too large for the GPU reach into about so much of the machine's own memory. */
const spillPart = 0.75;

function graphics({ hardware, runners }: NodeState): Pick<NodeFacts, 'hasGpu' | 'processor' | 'spillBytes'> {
  const name = processorOf(hardware);
  const processor = name !== '' && { processor: name };
  const hasGpu = (hardware?.gpus.length ?? 0) > 0 || runners.some(({ vramBytes = 0 }) => vramBytes > 0);
  if (!hasGpu) return hardware?.hostname ? { hasGpu, ...processor } : { ...processor };
  const { memoryTotalBytes } = hardware ?? {};
  return { hasGpu, ...processor, ...(memoryTotalBytes !== undefined && { spillBytes: spillPart * memoryTotalBytes }) };
}

/** The GPU with most memory gets most; a chip that is both tells its name as the processor's. */
function processorOf(hardware: Hardware | undefined): string {
  if (!hardware) return '';
  const largest = hardware.gpus.toSorted((a, b) => (b.memoryTotalBytes ?? 0) - (a.memoryTotalBytes ?? 0))[0];
  return largest?.name ?? hardware.cpuModel;
}

/** What agents report of a model that runs elsewhere, on an account of whoever owns the node. */
export const cloudCapability = 'cloud';

function modelFacts({ name, digest, sizeBytes, contextLength, capabilities }: Model): ModelFacts {
  return {
    ...{ name: canonicalModel(name), digest, sizeBytes, trainedContext: contextLength },
    capabilities: capabilities.filter((capability) => capability !== cloudCapability),
    cloud: capabilities.includes(cloudCapability),
  };
}

function runnerFacts(runner: Runner, slotsPerRunner: number, ours: (model: string) => number): RunnerFacts {
  const model = canonicalModel(runner.model);
  return {
    model,
    numCtx: runner.contextLength,
    bytes: runner.vramBytes !== undefined && runner.vramBytes > 0 ? runner.vramBytes : runner.sizeBytes,
    slots: Math.max(1, runner.slots ?? slotsPerRunner),
    runnerOptions: runner.optionsJson,
    foreignCalls: Math.max(0, runner.busy - ours(model)),
    loading: false,
    loadingSince: undefined,
    fresh: false,
    problem: runner.problem,
  };
}

/** The runners and the one that is being loaded, whoever asked for it: no other load can begin before that is done. */
function withLoad(runners: readonly RunnerFacts[], loading: string, slots: number): readonly RunnerFacts[] {
  if (loading === '') return runners;
  const name = canonicalModel(loading);
  const known = runners.find(({ model }) => model === name);
  const load: RunnerFacts = {
    ...(known ?? {
      model: name,
      numCtx: undefined,
      bytes: undefined,
      slots,
      runnerOptions: undefined,
      foreignCalls: 0,
    }),
    ...{ loading: true, loadingSince: undefined, fresh: true, problem: '' },
  };
  return [...runners.filter((runner) => runner !== known), load];
}
