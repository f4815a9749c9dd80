import type { Clock, Generate } from '@tutti/core';
import type { AgentService } from '@tutti/proto/tutti/agent/v1/agent';
import type { ModelService } from '@tutti/proto/tutti/agent/v1/model';
import type { Implementation } from '@tutti/rpc';
import type { Backend } from '../backend.ts';
import { createSlots, type Limits } from './admitted.ts';
import { agentService, modelService, type Standing } from './service.ts';
import { createStateFeed, type StateFeed } from './state-feed.ts';

/** What speaks for one machine: its slots, its state, and the two services that orchestrators call. */
export interface Node {
  readonly agent: Implementation<typeof AgentService>;
  readonly models: Pick<Implementation<typeof ModelService>, 'verb'>;
  readonly feed: StateFeed;
  /** Resolves when no call runs or waits. */
  idle(): Promise<void>;
}

interface Options {
  readonly backend: Backend;
  readonly limits: Limits;
  readonly hardware: Parameters<typeof createStateFeed>[0]['hardware'];
  readonly bootId: string;
  readonly standing: Standing;
  readonly clock: Clock;
  /** Put around the slots: it sees every call, those that get none as well. */
  readonly around?: (next: Generate) => Generate;
}

/** Puts a backend behind slots and a state feed, and reads its state once. Whoever made the backend closes it. */
export async function createNode(options: Options): Promise<Node> {
  const { backend, limits, hardware, bootId, standing, clock, around = (next: Generate) => next } = options;
  const slots = createSlots({ ...limits, clock, onChange: () => feed.touch() });
  const feed = createStateFeed({ backend, slots, limits, hardware, bootId, clock });
  await feed.refresh();
  const generate = around(slots.admitted(backend.generate));
  return {
    agent: agentService({ generate, feed, standing }),
    models: modelService(backend, () => void feed.refresh()),
    feed,
    idle: slots.idle,
  };
}
