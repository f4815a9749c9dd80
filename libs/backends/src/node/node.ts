import type { Clock, Generate } from '@tutti/core';
import type { AgentService } from '@tutti/proto/tutti/agent/v1/agent';
import type { ModelService } from '@tutti/proto/tutti/agent/v1/model';
import type { Implementation } from '@tutti/rpc';
import type { Backend } from '../backend.ts';
import { announced, createSlots, type Limits } from './admitted.ts';
import { createBatches } from './batched.ts';
import { createMemory, type Memory } from './memory.ts';
import type { MemoryLimits } from './model-memory.ts';
import { agentService, modelService, type Standing } from './service.ts';
import { createStateFeed, type StateFeed } from './state-feed.ts';

/** What speaks for one machine: its slots, its state, and the two services that orchestrators call. */
export interface Node {
  readonly agent: Implementation<typeof AgentService>;
  readonly models: Implementation<typeof ModelService>;
  readonly feed: StateFeed;
  /** Resolves when no call runs or waits. */
  idle(): Promise<void>;
}

interface Options {
  readonly backend: Backend;
  readonly limits: Limits;
  /** What models may take of the machine; nothing but what is said here is known of other machines. */
  readonly memory?: MemoryLimits;
  readonly hardware: Parameters<typeof createStateFeed>[0]['hardware'];
  readonly bootId: string;
  readonly standing: Standing;
  readonly clock: Clock;
  /** Put around the slots: it sees every call, those that get none as well. */
  readonly around?: (next: Generate) => Generate;
  /** Put inside the slots: it sees the calls that got one, and nothing that the agent asks on its own account. */
  readonly inside?: (next: Generate) => Generate;
}

/** Puts a backend behind slots and a state feed, and reads its state once. Whoever made the backend closes it. */
export async function createNode(options: Options): Promise<Node> {
  const { backend, limits, hardware, bootId, standing, clock } = options;
  const { around = unchanged, inside = unchanged } = options;
  const batches = createBatches(clock);
  const onChange = (): void => {
    feed.touch();
    memory?.review();
  };
  const slots = createSlots({
    ...limits,
    clock,
    onChange,
    mayEnter: (call) => memory?.mayEnter(call) ?? true,
    drains: (call, context) => memory?.drains(call, context) ?? false,
    burntOut: async (call) => memory?.burntOut(call),
  });
  const memory: Memory | undefined = memoryOf(
    options,
    slots.inUse,
    (model) => feed.modelOf(model),
    () => feed.touch(),
  );
  const feed = createStateFeed({
    backend: memory ?? backend,
    slots,
    limits,
    hardware,
    insight: {
      state: (machine) => memory?.insight.state(machine) ?? { loading: '' },
      runners: () => memory?.insight.runners(),
      embedBatches: batches.counts,
    },
    bootId,
    clock,
  });
  /** Twice: a reading that is under way may have begun before what it is to tell. */
  const readAnew = async (): Promise<void> => {
    await feed.refresh();
    await feed.refresh();
  };
  await feed.refresh();
  const { generate: run } = backend;
  const served = batches.batched(memory ? memory.settled(run) : announced(run));
  const generate = around(slots.admitted(inside(served)));
  return {
    agent: agentService({ generate, feed, standing }),
    models: modelService({
      verb: (memory ?? backend).verb,
      blobs: backend.blobs,
      changed: () => void readAnew(),
    }),
    feed: {
      ...feed,
      close() {
        memory?.close();
        feed.close();
      },
    },
    idle: slots.idle,
  };
}

function unchanged(next: Generate): Generate {
  return next;
}

/** Undefined: the backend sees to its memory itself. */
function memoryOf(
  { backend, memory: limits = {}, clock }: Options,
  inUse: Parameters<typeof createMemory>[0]['inUse'],
  modelOf: Parameters<typeof createMemory>[0]['modelOf'],
  onChange: () => void,
): Memory | undefined {
  const { residents } = backend;
  if (!residents) return undefined;
  return createMemory({ backend: { ...backend, residents }, limits, inUse, modelOf, clock, onChange });
}
