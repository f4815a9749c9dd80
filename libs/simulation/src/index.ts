export type { MachineCall, MachineError, MachineListener, MachineResult, Submission } from './machine-call.ts';
export type { MachineModel, MachineProfile } from './machine-profile.ts';
export { createMachine, type Machine, type MachineRunner } from './machine.ts';
export { createProcessor, type Processor, type Work } from './processor.ts';
export type { Runner, RunnerSpec } from './runner.ts';
export { createScheduler, type RunnerLease, type Scheduler } from './scheduler.ts';
export type { Prompt, Slot } from './slots.ts';
export { createTimeline, type Timeline } from './timeline.ts';
export { pick } from './fleet/draws.ts';
export {
  canRun,
  defaultNumCtx,
  fleet,
  runnerBytes,
  type Fleet,
  type FleetNode,
  type NamedFleet,
} from './fleet/fleet.ts';
export { fleetSeeds } from './fleet/seeds.ts';
export { lightTenant, workload, type FleetCall } from './fleet/workload.ts';
export { seededRandom } from './seeded-random.ts';
export { hardwareOf } from './fleet/hardware.ts';
export { callOf } from './node/call-text.ts';
export { createSimulatedNode, type SimulatedNode, type SimulatedWork } from './node/simulated-node.ts';
export { createChunkPipe, type ChunkPipe } from './node/chunk-pipe.ts';
