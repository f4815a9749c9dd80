import type { MachineCall, MachineError, MachineResult, Submission } from './machine-call.ts';
import type { MachineModel, MachineProfile } from './machine-profile.ts';
import { createMachine, type Machine } from './machine.ts';
import { createTimeline, type Timeline } from './timeline.ts';

export function testModel(name: string, given: Partial<MachineModel> = {}): MachineModel {
  return { name, sizeBytes: 1000, bytesPerToken: 0, trainedContext: 32_768, embedding: false, ...given };
}

/** One slot, room for all, loads of a second; 1 ms for a prompt token, 10 ms for one of output; calls do not slow each other. */
export function testProfile(given: Partial<MachineProfile> = {}): MachineProfile {
  return {
    name: 'test',
    memoryBytes: Infinity,
    parallel: 1,
    maxRunners: 100,
    maxQueue: 100,
    defaultNumCtx: 4096,
    keepAliveMs: 300_000,
    prefillSpeed: () => 1000,
    decodeSpeed: () => 100,
    loadMs: () => 1000,
    slowBySame: 0,
    slowByOthers: 0,
    ...given,
  };
}

/** What became of a call, and when. */
export interface Tracked extends Submission {
  loadingMs?: number;
  startedMs?: number;
  firstTokenMs?: number;
  endedMs?: number;
  result?: MachineResult;
  error?: MachineError;
  /** How often it ended. */
  ends: number;
}

export interface World {
  readonly time: Timeline;
  readonly machine: Machine;
  /** A prompt of 100 tokens and 10 of output, unless it says otherwise. */
  send(model: string, given?: Partial<MachineCall>): Tracked;
  /** Models in memory or on their way there. */
  resident(): string[];
}

export function testWorld(
  profile: Partial<MachineProfile> = {},
  models: readonly MachineModel[] = defaultModels,
): World {
  const time = createTimeline();
  const machine = createMachine(testProfile(profile), models, time);
  return {
    time,
    machine,
    send(model, given = {}) {
      const tracked: Tracked = { ends: 0, outputTokens: () => 0, cancel() {} };
      const call = { model, promptTokens: 100, prefix: [], outputTokens: 10, ...given };
      const submission = machine.submit(call, {
        loading: () => (tracked.loadingMs = time.now()),
        started: () => (tracked.startedMs = time.now()),
        firstToken: () => (tracked.firstTokenMs = time.now()),
        ended(result) {
          Object.assign(tracked, { result, endedMs: time.now(), ends: tracked.ends + 1 });
        },
        failed(error) {
          Object.assign(tracked, { error, endedMs: time.now(), ends: tracked.ends + 1 });
        },
      });
      return Object.assign(tracked, submission);
    },
    resident: () => machine.runners.map((runner) => runner.model.replace(':latest', '')),
  };
}

const defaultModels = ['a', 'b', 'c'].map((name) => testModel(`${name}:latest`));
