import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { ClusterError, type Call, type Context } from '@tutti/core';
import {
  createAnswerCache,
  createEstimates,
  createLearntSampling,
  type Exclusion,
  type ModelFacts,
  type NodeFacts,
  type NodeView,
  type Option,
} from '@tutti/core/cluster';
import { ModelService, type VerbRequest } from '@tutti/proto/tutti/agent/v1/model';
import { NodeStateSchema } from '@tutti/proto/tutti/agent/v1/state';
import type { Node } from '@tutti/proto/tutti/v1/node';
import { PerformanceService } from '@tutti/proto/tutti/v1/performance';
import { createClient, createMemoryChannel } from '@tutti/rpc';
import { virtualClock } from '@tutti/testing';
import { demandOf } from '../observation/decisions.fixture.ts';
import { createRequestBook } from '../observation/request-book.ts';
import { pass, type Traffic } from '../observation/traffic.fixture.ts';
import { createWhyBook } from '../observation/why-book.ts';
import { performanceService } from './performance-service.ts';
import { createPrewarmer } from '../models/prewarmer.ts';

type StateInit = MessageInitShape<typeof NodeStateSchema>;

/** What a node does when it is told to load: the lines that it answers, or an error. */
export type Load = (request: VerbRequest) => AsyncIterable<string>;

/** The service over nodes of a test's own, and options that the test names. */
export function startPerformance() {
  const clock = virtualClock();
  const nodes: NodeView[] = [];
  const facts: NodeFacts[] = [];
  const loads = new Map<string, Load>();
  const prepared: [node: string, loaded: boolean][] = [];
  const asked: { readonly call: Call; readonly context: Context }[] = [];
  let offered: readonly Option[] = [];
  let exclusions: Exclusion[] = [];

  const cluster = {
    ...{ nodes, facts, estimates, placements: { calls: 12, loads: 3, reloadsAvoided: 2 } },
    options(call: Call, context: Context) {
      asked.push({ call, context });
      const options = offered.filter(({ node }) => (context.pin ?? node) === node);
      return { demand: demandOf(), options, exclusions };
    },
    prepare:
      (_call: Call, _context: Context, { node }: Option) =>
      (loaded: boolean) =>
        void prepared.push([node, loaded]),
  };
  const membership = {
    find(name: string): Node {
      if (nodes.some((node) => node.name === name)) return {} as Node;
      throw new ClusterError('not_found', `There is no node "${name}".`, { param: 'name' });
    },
    models(name: string) {
      const load = loads.get(name);
      if (!load) return undefined;
      const channel = createMemoryChannel();
      channel.addService(ModelService, {
        async *verb(request) {
          for await (const line of load(request)) yield { lines: [line] };
        },
      });
      return createClient(channel, ModelService, { deadlineMs: 60_000 });
    },
  };
  const why = createWhyBook({ clock, expectedOutput: () => 50 });
  const { watch } = createRequestBook({ clock, onStart: why.arrived });
  const prewarmer = createPrewarmer({ cluster, membership, clock });
  const sampling = createLearntSampling(() => 0.5);
  const settings = { enabled: true, maxBytes: 1e6, ttlMs: 60_000, persist: false };
  const cache = createAnswerCache({ clock, settings: () => settings });
  const service = performanceService({ why, prewarmer, sampling, cluster, cache, clock });
  const channel = createMemoryChannel();
  channel.addService(PerformanceService, service);

  return {
    ...{ clock, cluster, why, prewarmer, sampling, cache, service, asked, facts, prepared },
    client: createClient(channel, PerformanceService, { deadlineMs: 600_000 }),
    pass: (traffic: Traffic) => pass(watch, clock, traffic),
    offer(...options: readonly Option[]) {
      offered = options;
    },
    exclude(...excluded: readonly Exclusion[]) {
      exclusions = [...excluded];
    },
    addNode(name: string, state: StateInit, load?: Load, ready = true) {
      nodes.push(viewOf(name, state, ready));
      if (load) loads.set(name, load);
    },
  };
}

const estimates = {
  ...createEstimates(),
  prefillSpeed: () => 1_000,
  decodeSpeed: () => 40,
  loadMs: () => 3_000,
  runnerBytes: (_: NodeFacts, { sizeBytes = 0 }: ModelFacts, numCtx: number) => sizeBytes + numCtx * 100,
};

function viewOf(name: string, state: StateInit, ready: boolean): NodeView {
  return {
    ...{ name, ready, state: create(NodeStateSchema, state), reportedAt: 0, cordoned: false, full: false },
    ...{ inFlight: 0, inFlightByModel: new Map() },
  };
}
