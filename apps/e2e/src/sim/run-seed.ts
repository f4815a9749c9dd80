import { getEventListeners } from 'node:events';
import type { Call, Context } from '@tutti/core';
import type { Route } from '@tutti/core/cluster';
import { createTimeline, seededRandom } from '@tutti/simulation';
import { apply } from './apply-fault.ts';
import { createClients } from './client.ts';
import type { History, NodeTraits, Rest } from './history.ts';
import type { Content } from './host.ts';
import { createRecord } from './recorder.ts';
import { sample } from './sample.ts';
import { scenarioFor, type PlannedNode, type Scenario } from './scenario.ts';
import { createStack } from './stack.ts';
import { createWorldNode } from './world-node.ts';

/** What the last timers of breakers and quarantines take. */
const afterlifeMs = 700_000;
const sampleMs = 5_000;

/** Plays the world of a seed to its end. */
export async function runSeed(seed: number): Promise<{ scenario: Scenario; history: History }> {
  const scenario = scenarioFor(seed);
  const { faultsMs, calmMs, concurrency, queueSize, hedge } = scenario;
  // Whatever an event woke has come to rest when a turn of the loop is over.
  const clock = createTimeline({ settle: () => new Promise((resolve) => setImmediate(resolve)) });
  const random = seededRandom(seed ^ 0x5eed);
  const record = createRecord(clock);
  let routes: readonly Route[] = [];
  const { cluster, generate } = createStack({
    ...{ clock, random, record, concurrency, queueSize, hedge },
    routes: () => routes,
  });
  const contentOf = contents(scenario);
  const nodes = scenario.nodes.map((planned) =>
    createWorldNode({ planned, clock, random, record, cluster, contentOf }),
  );
  const clients = createClients({ clock, record, generate });
  const world = { clock, random, record, cluster, nodes, setRoutes: (next: typeof routes) => (routes = next) };

  for (const planned of scenario.calls) clock.after(planned.work.atMs, () => clients.send(planned));
  for (const fault of scenario.faults) {
    clock.after(fault.atMs, () => clock.after(fault.durationMs, apply(world, fault)));
  }
  clock.after(faultsMs, () => record.add({ kind: 'calm' }));
  for (let at = sampleMs; at < faultsMs + calmMs; at += sampleMs) {
    clock.after(at, () => record.add(sample(cluster, nodes)));
  }

  await clock.run(faultsMs + calmMs);
  const stuckBreakers = breakersThatStay(cluster, scenario.nodes);
  const { waiting, inFlight, refused } = cluster;
  const live = nodes.reduce((sum, { host }) => sum + host.machine.live, 0);
  for (const node of nodes) node.close();
  await clock.run(faultsMs + calmMs + afterlifeMs);
  const listeners = clients.signals.reduce((sum, signal) => sum + getEventListeners(signal, 'abort').length, 0);
  const rest: Rest = { waiting, inFlight, refused, timers: clock.pending, listeners, stuckBreakers, live };
  return { scenario, history: { nodes: scenario.nodes.map(traitsOf), concurrency, events: record.events, rest } };
}

function traitsOf({ name, attributes, sameMachine, profile }: PlannedNode): NodeTraits {
  return { name, cloud: attributes.trust === 'cloud', sameMachine, slots: profile.parallel };
}

/** What a machine makes of each call. What is continued is half as long. */
function contents({ calls }: Scenario): (call: Call, context: Context) => Content {
  const planned = new Map(calls.map((call) => [call.request, call]));
  return ({ kind }, { requestId }) => {
    const { work, poison, content } = planned.get(requestId)!;
    const { promptTokens, outputTokens, prefix } = work;
    const isContinued = kind.case === 'chat' && kind.value.messages.at(-1)?.role === 'assistant';
    const left = isContinued ? Math.ceil(outputTokens / 2) : outputTokens;
    return { work: { promptTokens, prefix, outputTokens: left }, poison, content };
  };
}

/** An open breaker tries again within so long: its longest time, and a part by chance. */
const longestOpenMs = 360_000;

function breakersThatStay(
  { breakers }: ReturnType<typeof createStack>['cluster'],
  nodes: readonly PlannedNode[],
): string[] {
  return nodes.flatMap(({ name }) => {
    const { models, ...own } = breakers.view(name);
    return [{ ...own, model: '' }, ...models]
      .filter(({ state, model, retryInMs }) =>
        state === 'half-open' ? own.state !== 'open' && !breakers.allows(name, model) : retryInMs > longestOpenMs,
      )
      .map(({ model, state }) => `${name} ${model} ${state}`);
  });
}
