import type { DescService } from '@bufbuild/protobuf';
import { AccessService } from '@tutti/proto/tutti/v1/access';
import { AdminService } from '@tutti/proto/tutti/v1/admin';
import { ClusterService } from '@tutti/proto/tutti/v1/cluster';
import { LogService } from '@tutti/proto/tutti/v1/log';
import { NodeService } from '@tutti/proto/tutti/v1/node';
import { PerformanceService } from '@tutti/proto/tutti/v1/performance';
import { QueueService } from '@tutti/proto/tutti/v1/queue';
import type { OperationNotes } from '@tutti/rpc';
import type { Facts } from './facts.ts';
import type { Tag } from './tags.ts';

/** Our own services, in the order of their groups. */
export const documentedServices: readonly { readonly service: DescService; readonly tag: Tag }[] = [
  { service: ClusterService, tag: 'Cluster' },
  { service: NodeService, tag: 'Nodes' },
  { service: QueueService, tag: 'Queue' },
  { service: PerformanceService, tag: 'Performance' },
  { service: AdminService, tag: 'Admin' },
  { service: LogService, tag: 'Logs' },
  { service: AccessService, tag: 'Keys' },
];

const hourMs = 3_600_000;

/** A node that only examples know. */
const spare = 'spare';

/** An id that no request has. */
const noRequest = '00000000-0000-0000-0000-000000000000';

/** What the proto files do not say: examples that can be run one after the other, and errors of the store. */
export function serviceNotes({ node, model }: Facts): Readonly<Record<string, OperationNotes>> {
  const overAMinute: OperationNotes = { parameters: { windowMs: 60_000 } };
  const named: OperationNotes = { parameters: { name: node } };
  const kept: OperationNotes = { ...named, errors: [503] };
  return {
    getMetrics: overAMinute,
    getNode: named,
    listNodeModels: named,
    addNode: {
      summary: 'Declares a node, and keeps it over restarts',
      errors: [409, 503],
      bodies: {
        agent: {
          summary: 'A machine that will join',
          value: { name: spare, kind: 'agent', attributes: { tier: 1, labels: { room: 'attic' } } },
        },
        ollama: {
          summary: 'An Ollama without an agent',
          value: { name: 'attic', kind: 'ollama', host: '192.0.2.10', port: 11_434 },
        },
      },
    },
    updateNode: { ...kept, bodies: { weight: { summary: 'A full part of the calls', value: { weight: 1 } } } },
    drainNode: kept,
    cordonNode: kept,
    uncordonNode: kept,
    removeNode: {
      more: 'The example removes the node that the example of addNode declares.',
      parameters: { name: spare },
      errors: [503],
    },
    cancelCall: {
      more: 'The example names no call, and so it ends none.',
      parameters: { requestId: noRequest },
    },
    prewarm: {
      summary: 'Brings a model into memory',
      errors: [404, 409, 500, 501, 502, 503, 504],
      bodies: {
        anywhere: { summary: 'Where it costs others least', value: { model } },
        chosen: { summary: 'On a node, with a long context', value: { model, node, numCtx: 8_192 } },
      },
    },
    getBatchStats: { summary: "Tells how many calls shared a backend's work" },
    explainRequest: {
      summary: 'Tells why a request ran where it ran',
      more: 'Requests of other keys are shown to operators only. The example names no request.',
      parameters: { requestId: noRequest },
      status: 404,
    },
    getTrace: {
      summary: 'Returns the last calls, without their words',
      more: '`tutti simulate` replays them against other policies.',
      parameters: { windowMs: 60_000 },
    },
    getAdminMetrics: overAMinute,
    getPerformance: overAMinute,
    listRequests: { parameters: { limit: 10 } },
    getConfig: { summary: 'Returns every setting in force, and its origin' },
    updateConfig: {
      summary: 'Changes settings that need no restart',
      errors: [409],
      bodies: { queue: { summary: 'How many calls may wait', value: { server: { queueSize: 100 } } } },
    },
    reloadConfig: { summary: 'Reads the configuration file anew' },
    queryLogs: {
      summary: 'Reads the log, newest lines first',
      more: 'The page `/logviewer` shows the same.',
      parameters: { level: 'info', pageSize: 20 },
      errors: [503],
    },
    createKey: {
      errors: [503],
      bodies: {
        viewer: { summary: 'A key for a dashboard', value: { name: 'dashboard', role: 'viewer', ttlMs: hourMs } },
      },
    },
    revokeKey: {
      more: 'The example names no key, and so it ends none.',
      parameters: { id: 'AAAAAAAA' },
      errors: [503],
      status: 404,
    },
    createJoinToken: {
      more: 'On an orchestrator that serves its own machine only, the example answers 409.',
      errors: [503],
      bodies: { two: { summary: 'For two machines, within an hour', value: { uses: 2, ttlMs: hourMs } } },
      status: 409,
    },
    listJoinTokens: { summary: 'Returns the tokens that can still be used', errors: [503] },
    revokeJoinToken: {
      more: 'The example names no token, and so it ends none.',
      parameters: { id: 'AAAAAAAA' },
      errors: [503],
      status: 404,
    },
  };
}
