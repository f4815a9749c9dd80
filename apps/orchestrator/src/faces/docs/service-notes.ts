import type { DescService } from '@bufbuild/protobuf';
import { AccessService } from '@tutti/proto/tutti/v1/access';
import { AdminService } from '@tutti/proto/tutti/v1/admin';
import { ClusterService } from '@tutti/proto/tutti/v1/cluster';
import { ConversationService } from '@tutti/proto/tutti/v1/conversation';
import { LogService } from '@tutti/proto/tutti/v1/log';
import { NodeService } from '@tutti/proto/tutti/v1/node';
import { PatternService } from '@tutti/proto/tutti/v1/pattern';
import { PerformanceService } from '@tutti/proto/tutti/v1/performance';
import { QueueService } from '@tutti/proto/tutti/v1/queue';
import { WorkflowService } from '@tutti/proto/tutti/v1/workflow';
import type { OperationNotes } from '@tutti/rpc/openapi';
import { conversationNotes } from './conversation-notes.ts';
import type { Facts } from './facts.ts';
import type { OwnTag } from './tags.ts';
import { workflowNotes } from './workflow-notes.ts';

/** Our own services, in the order of their groups. */
export const documentedServices: readonly { readonly service: DescService; readonly tag: OwnTag }[] = [
  { service: PatternService, tag: 'Patterns' },
  { service: WorkflowService, tag: 'Workflows' },
  { service: ConversationService, tag: 'Conversations' },
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

/** Errors of every run, beside those that a permission brings. */
const runErrors = [404, 413, 429, 500, 502, 503, 504];

/** An id that no run has. */
const noRun = 'no-such-run';

/** What the proto files do not say: examples that can be run one after the other, and errors of the store. */
export function serviceNotes({ node, model }: Facts): Readonly<Record<string, OperationNotes>> {
  const overAMinute: OperationNotes = { parameters: { windowMs: 60_000 } };
  const named: OperationNotes = { parameters: { name: node } };
  const kept: OperationNotes = { ...named, errors: [503] };
  const absentRun: OperationNotes = {
    more: 'The example names no run.',
    parameters: { id: noRun },
    errors: [503],
    status: 404,
  };
  const inBackground: OperationNotes = {
    more: 'The example answers at once; the `id` in the answer leads to its events and its result.',
    parameters: { Prefer: 'respond-async' },
    errors: runErrors,
    status: 202,
  };
  return {
    runEnsemble: {
      summary: 'Makes one answer of several models',
      errors: runErrors,
      bodies: {
        vote: {
          summary: 'The answer of most',
          value: { query: 'How many legs has a spider? Answer with a number.', strategy: 'vote', maxTokens: 32 },
        },
        chosen: {
          summary: 'Of models that are named, within a budget',
          value: { query: 'Why is the sky blue?', models: [model], ensembleSize: 2, budget: { maxTokens: 400 } },
        },
      },
    },
    runDebate: {
      ...inBackground,
      summary: 'Lets models debate a question',
      bodies: {
        debate: {
          summary: 'At most two rounds',
          value: { query: 'Is 91 a prime number?', debateRounds: 2, budget: { maxMs: 20_000 } },
        },
      },
    },
    runMaestro: {
      ...inBackground,
      summary: 'Plans, does the tasks, and puts them together',
      bodies: {
        plan: {
          summary: 'A question of several parts',
          value: { query: 'Plan a weekend in Rome: sights, food and a budget.', budget: { maxMs: 20_000 } },
        },
      },
    },
    getExecution: absentRun,
    streamExecutionEvents: {
      ...absentRun,
      summary: 'Returns the events of a run as they come',
      more: 'The number of an event is its id, so that a client that comes back misses none. The example names no run.',
      parameters: { id: noRun, after: 0 },
    },
    cancelExecution: absentRun,
    answerExecution: {
      ...absentRun,
      summary: 'Answers a question that a run asks a person',
      parameters: { id: noRun, step: 'may-i' },
      bodies: { yes: { summary: 'Yes', value: { value: true } } },
    },
    listExecutions: { parameters: { pageSize: 20 }, errors: [503] },
    getFixture: { ...absentRun, summary: 'Returns the journal of a run, for a replay' },
    ...workflowNotes(model, runErrors),
    ...conversationNotes(model, runErrors),
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
    getCacheStats: { summary: 'Tells how many answers were given again' },
    explainRequest: {
      summary: 'Tells why a request ran where it ran',
      more: 'Requests of other keys are shown to operators only. The example names no request.',
      parameters: { requestId: noRequest },
      status: 404,
    },
    getParameters: {
      more: 'A preset other than the default is preferred once it has shown that it is no worse.',
      parameters: { model, taskType: 'code' },
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
