import { ClusterError, linkedController, onAbort, throwIfAborted, type Generate } from '@tutti/core';
import type { Cluster } from '@tutti/core/cluster';
import { createSimulatedNode, hardwareOf, type SimulatedNode } from '@tutti/simulation';
import type { World, WorldNode } from './contender.ts';

/** An agent, over a connection that breaks with its node and comes back with it. */
export interface ConnectedAgent {
  /** Models that it took out of memory for others. */
  readonly evictions: number;
}

interface Options {
  readonly world: World;
  readonly node: WorldNode;
  readonly cluster: Cluster;
  readonly work: Parameters<typeof createSimulatedNode>[0]['work'];
}

/** A ping after so long, and so long for its answer: the longest that a silent node can stay unnoticed. */
const keepaliveMs = 10_000 + 5_000;
const redialMs = 500;

export function connectAgent({ world, node, cluster, work }: Options): ConnectedAgent {
  const { timeline: clock, random } = world;
  const { name, machine, profile, models, condition } = node;
  const running = new Set<AbortController>();
  const listening = new Set<() => void>();
  let boots = 0;
  let evictions = 0;
  let isConnected = false;
  let stopWatching = (): void => {};
  let stopTimer = (): void => {};
  let agent = boot();

  function boot(): SimulatedNode {
    const bootId = `${name}.${++boots}`;
    return createSimulatedNode({
      ...{ name, machine, profile, models, hardware: hardwareOf(node), bootId, clock, random, work },
    });
  }

  const dial = (): void => {
    isConnected = true;
    stopWatching = agent.watch((state) => {
      if (condition.reach === 'up') cluster.report(name, generate, state);
    });
  };

  const breakOff = (): void => {
    if (!isConnected) return;
    isConnected = false;
    condition.notice();
    stopWatching();
    cluster.suspend(name);
    for (const controller of running) controller.abort(unreachable(name));
  };

  /** Nothing of a silent node gets through; throws when the signal aborts. */
  const heard = async (signal: AbortSignal): Promise<void> => {
    if (condition.reach === 'silent') {
      const { promise, resolve } = Promise.withResolvers<void>();
      listening.add(resolve);
      const forget = onAbort(signal, resolve);
      await promise;
      forget();
      listening.delete(resolve);
    }
    throwIfAborted(signal);
  };

  const generate: Generate = async function* (call, context) {
    if (!isConnected) throw unreachable(name);
    const { controller, unlink } = linkedController(context.signal);
    const { signal } = controller;
    running.add(controller);
    try {
      await heard(signal);
      for await (const chunk of agent.generate(call, { ...context, signal })) {
        await heard(signal);
        yield chunk;
      }
    } finally {
      running.delete(controller);
      unlink();
    }
  };

  const comeBack = (): void => {
    for (const resolve of listening) resolve();
    if (!isConnected) stopTimer = clock.after(redialMs, dial);
  };

  condition.onChange(() => {
    stopTimer();
    if (condition.reach === 'up') return comeBack();
    if (condition.reach === 'silent') {
      stopTimer = clock.after(keepaliveMs, breakOff);
      return;
    }
    breakOff();
    evictions += agent.evictions;
    agent = boot();
    cluster.breakers.reset(name);
  });
  dial();

  return {
    get evictions() {
      return evictions + agent.evictions;
    },
  };
}

function unreachable(name: string): ClusterError {
  return new ClusterError('node_unreachable', `The connection to ${name} broke.`);
}
