import { startFakeOllama, type FakeOllama, type FakeOllamaOptions } from '@tutti/testing';
import {
  nodesReady,
  startAgent,
  startOrchestrator,
  stopAll,
  temporaryFolder,
  type Agent,
  type Orchestrator,
} from '../processes.ts';
import { numberedAnswer } from './numbered.ts';

export const chaosModel = 'llama:1b';

/** A machine: the process of an agent, and a fake Ollama that outlives it. */
export interface ChaosNode {
  readonly name: string;
  readonly fake: FakeOllama;
  /** The agent's process as it is now. */
  readonly agent: Agent;
  /** Not between its death and its return. */
  readonly isUp: boolean;
  /** Kills the agent; the promise resolves when it runs again, `downMs` after its death. */
  killed(downMs: number): Promise<void>;
}

/** A real orchestrator and real agents, with log lines of warnings only. */
export interface ChaosCluster {
  readonly orchestrator: Orchestrator;
  readonly nodes: readonly ChaosNode[];
  /** The nodes that get calls. */
  ready(): Promise<readonly ChaosNode[]>;
  /** Calls that run or wait, and slots that are taken, as the orchestrator counts them. */
  occupied(): Promise<number>;
  stop(): Promise<void>;
}

export interface ChaosOptions extends Omit<FakeOllamaOptions, 'answer'> {
  readonly nodes: number;
  /** Calls at a time on each node. */
  readonly slots: number;
  /** Tokens of every answer. */
  readonly tokens: number;
  readonly orchestratorArgs?: readonly string[];
  /** Called when a node begins to answer a prompt. */
  readonly onPrompt?: (node: ChaosNode, prompt: string) => void;
}

interface NodeRow {
  readonly name: string;
  readonly status: string;
  readonly slots?: { readonly inFlight?: number };
}

const quiet = ['--log-level', 'warn'];

/** Only one at a time: its end stops every process that tests have started. */
export async function startChaosCluster(options: ChaosOptions): Promise<ChaosCluster> {
  const orchestrator = await startOrchestrator([...quiet, ...(options.orchestratorArgs ?? [])]);
  const indices = Array.from({ length: options.nodes }, (_, index) => index);
  const nodes = await Promise.all(indices.map((index) => startNode(`node${index}`, orchestrator, options)));
  await nodesReady(orchestrator, nodes.length);
  const json = async <T>(path: string): Promise<T> => (await fetch(orchestrator.url + path)).json() as Promise<T>;
  const listed = async (): Promise<readonly NodeRow[]> => (await json<{ nodes: NodeRow[] }>('/api/nodes')).nodes;
  return {
    orchestrator,
    nodes,
    async ready() {
      const rows = await listed();
      return nodes.filter(({ name, isUp }) => isUp && rows.some((row) => row.name === name && row.status === 'READY'));
    },
    async occupied() {
      const { running } = await json<{ running: unknown[] }>('/admin/requests');
      const { waiting } = await json<{ waiting: number }>('/health');
      const slots = (await listed()).reduce((sum, node) => sum + (node.slots?.inFlight ?? 0), 0);
      return slots + running.length + waiting;
    },
    async stop() {
      await stopAll();
      await Promise.all(nodes.map(({ fake }) => fake.close()));
    },
  };
}

async function startNode(
  name: string,
  orchestrator: Orchestrator,
  { slots, tokens, onPrompt, ...options }: ChaosOptions,
): Promise<ChaosNode> {
  const fake = await startFakeOllama({
    keepRequests: 0,
    ...options,
    models: [chaosModel],
    parallel: slots,
    answer(prompt) {
      onPrompt?.(node, prompt);
      return numberedAnswer(prompt, tokens);
    },
  });
  const folder = await temporaryFolder();
  const args = [...quiet, '--data-folder', folder, '--ollama-num-parallel', String(slots)];
  const start = (): Promise<Agent> => startAgent({ name, orchestrators: [orchestrator], ollamaUrl: fake.url, args });
  let agent = await start();
  let isUp = true;
  const node: ChaosNode = {
    name,
    fake,
    get agent() {
      return agent;
    },
    get isUp() {
      return isUp;
    },
    async killed(downMs) {
      isUp = false;
      agent.kill('SIGKILL');
      await agent.exited;
      await new Promise((resolve) => setTimeout(resolve, downMs));
      agent = await start();
      isUp = true;
    },
  };
  return node;
}
