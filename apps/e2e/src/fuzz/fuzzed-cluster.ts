import { startFakeOllama } from '@tutti/testing';
import { eventually, nodesReady, startAgent, startOrchestrator, stopAll } from '../processes.ts';
import { documentedBy, type Documented } from './documented.ts';
import { createSender, type Sender } from './send.ts';
import { models, nodeName } from './skeletons.ts';

/** Ends an orchestrator that keeps what it was sent. */
const largestHeapMib = 256;

/** Real processes over a fake Ollama that answers at once. */
export interface FuzzedCluster {
  readonly url: string;
  readonly port: number;
  readonly documented: Documented;
  readonly sender: Sender;
  /** Rejects unless a plain call is answered, the backend is idle and the orchestrator lives. */
  assertWell(): Promise<void>;
  /** Bytes in use on the orchestrator's heap, garbage included. */
  heapBytes(): Promise<number>;
  /** What the orchestrator has logged of its own faults. */
  internalErrors(): string[];
  close(): Promise<void>;
}

export async function startFuzzedCluster(): Promise<FuzzedCluster> {
  const fake = await startFakeOllama({
    models: [
      { name: models.chat, capabilities: ['completion', 'tools', 'vision', 'insert'], contextLength: 131_072 },
      { name: models.embed, capabilities: ['embedding'] },
      models.spare,
    ],
    answer: () => 'It is fine.',
    parallel: 32,
    keepRequests: 10,
  });
  const orchestrator = await withNodeOptions(`--max-old-space-size=${largestHeapMib}`, startOrchestrator);
  await startAgent({ name: nodeName, orchestrators: [orchestrator], ollamaUrl: fake.url });
  await nodesReady(orchestrator, 1);
  const { url, facts } = orchestrator;
  const sender = createSender(url);
  let ended: number | string | undefined;
  void orchestrator.exited.then((exit) => (ended = exit));

  async function assertWell(): Promise<void> {
    if (ended !== undefined) throw new Error(`the orchestrator ended (${ended}): ${orchestrator.log().slice(-2_000)}`);
    // What the inputs may have set.
    await json(url, 'PATCH', '/admin/config', { server: { queueSize: 1_000 } });
    const answer = await json(url, 'POST', '/api/chat', {
      model: models.chat,
      messages: [{ role: 'user', content: 'x' }],
      stream: false,
    });
    if (answer.status !== 200) throw new Error(`a plain call is answered ${answer.status}: ${await answer.text()}`);
    await answer.text();
    await eventually(() => fake.live === 0 || undefined, 'an idle backend');
  }

  return {
    ...{ url, port: facts.port, documented: await documentedBy(url), sender, assertWell },
    async heapBytes() {
      const { heapUsedBytes } = (await (await fetch(`${url}/admin/system`)).json()) as { heapUsedBytes: number };
      return heapUsedBytes;
    },
    internalErrors: () =>
      orchestrator
        .log()
        .split('\n')
        .filter((line) => /"level":"(error|fatal)"/.test(line)),
    async close() {
      sender.close();
      await stopAll();
      await fake.close();
    },
  };
}

function json(url: string, method: string, path: string, body: object): Promise<Response> {
  return fetch(url + path, { method, body: JSON.stringify(body) });
}

/** What is started meanwhile gets the options, and nothing else. */
async function withNodeOptions<T>(options: string, start: () => Promise<T>): Promise<T> {
  const before = process.env['NODE_OPTIONS'];
  process.env['NODE_OPTIONS'] = [before, options].filter(Boolean).join(' ');
  try {
    return await start();
  } finally {
    if (before === undefined) delete process.env['NODE_OPTIONS'];
    else process.env['NODE_OPTIONS'] = before;
  }
}
