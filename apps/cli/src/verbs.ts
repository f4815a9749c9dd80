import type { Command } from 'commander';

/** Adds a verb's operands, options and action to its command. */
export type Declare = (command: Command) => void;

export interface Verb {
  /** Heading in the help. */
  readonly group: string;
  readonly summary: string;
  /** Reads the verb's file; only a verb that is used is read. */
  readonly read: () => Promise<Declare>;
}

const start = 'Start:';
const models = 'Models:';
const cluster = 'Cluster:';
const access = 'Access and settings:';

/** Everything that `tutti` can do, in the order of its help. */
export const verbs: Readonly<Record<string, Verb>> = {
  up: {
    group: start,
    summary: 'start an orchestrator and an agent on this machine, and ask the model a question',
    read: async () => (await import('./verbs/up.ts')).declareUp,
  },
  agent: {
    group: start,
    summary: 'run this machine as a node of a cluster',
    read: async () => (await import('./verbs/agent.ts')).declareAgent,
  },
  doctor: {
    group: start,
    summary: 'find what is wrong, and how to mend it',
    read: async () => (await import('./verbs/doctor.ts')).declareDoctor,
  },
  run: {
    group: models,
    summary: 'ask a model once, or several with --pattern',
    read: async () => (await import('./verbs/run.ts')).declareRun,
  },
  chat: {
    group: models,
    summary: 'talk with a model',
    read: async () => (await import('./verbs/chat.ts')).declareChat,
  },
  runs: {
    group: models,
    summary: 'list, show, watch, cancel, export and replay runs of patterns',
    read: async () => (await import('./verbs/runs.ts')).declareRuns,
  },
  converse: {
    group: models,
    summary: 'talk with specialists over many turns',
    read: async () => (await import('./verbs/converse.ts')).declareConverse,
  },
  ls: {
    group: models,
    summary: 'list the models of all nodes',
    read: async () => (await import('./verbs/ls.ts')).declareLs,
  },
  ps: {
    group: models,
    summary: 'list the models in memory',
    read: async () => (await import('./verbs/ps.ts')).declarePs,
  },
  show: {
    group: models,
    summary: 'tell what is known of a model',
    read: async () => (await import('./verbs/show.ts')).declareShow,
  },
  pull: {
    group: models,
    summary: 'fetch a model',
    read: async () => (await import('./verbs/pull.ts')).declarePull,
  },
  rm: {
    group: models,
    summary: 'delete models from disk',
    read: async () => (await import('./verbs/rm.ts')).declareRm,
  },
  stop: {
    group: models,
    summary: 'take a model out of memory',
    read: async () => (await import('./verbs/stop.ts')).declareStop,
  },
  prewarm: {
    group: models,
    summary: 'bring a model into memory before it is asked for',
    read: async () => (await import('./verbs/prewarm.ts')).declarePrewarm,
  },
  status: {
    group: cluster,
    summary: 'show the cluster at a glance',
    read: async () => (await import('./verbs/status.ts')).declareStatus,
  },
  nodes: {
    group: cluster,
    summary: 'list the nodes, and what is wrong with them',
    read: async () => (await import('./verbs/nodes.ts')).declareNodes,
  },
  node: {
    group: cluster,
    summary: 'show, drain, cordon, uncordon or remove a node',
    read: async () => (await import('./verbs/node.ts')).declareNode,
  },
  queue: {
    group: cluster,
    summary: 'show, pause and resume the queue, or end a call that waits',
    read: async () => (await import('./verbs/queue.ts')).declareQueue,
  },
  logs: {
    group: cluster,
    summary: 'read the log of all processes',
    read: async () => (await import('./verbs/logs.ts')).declareLogs,
  },
  why: {
    group: cluster,
    summary: 'tell why a request ran where it ran',
    read: async () => (await import('./verbs/why.ts')).declareWhy,
  },
  simulate: {
    group: cluster,
    summary: 'replay the last calls with other policies',
    read: async () => (await import('./verbs/simulate.ts')).declareSimulate,
  },
  token: {
    group: access,
    summary: 'tokens with which machines join',
    read: async () => (await import('./verbs/token.ts')).declareToken,
  },
  keys: {
    group: access,
    summary: 'keys of clients',
    read: async () => (await import('./verbs/keys.ts')).declareKeys,
  },
  config: {
    group: access,
    summary: 'make, check and show the configuration of this machine',
    read: async () => (await import('./verbs/config.ts')).declareConfig,
  },
  completion: {
    group: access,
    summary: 'print a script for completion in a shell',
    read: async () => (await import('./verbs/completion.ts')).declareCompletion,
  },
};
