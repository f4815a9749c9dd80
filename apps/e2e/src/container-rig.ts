import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import OpenAI from 'openai';
import { GenericContainer, getContainerRuntimeClient, Network, Wait, type StartedTestContainer } from 'testcontainers';
import { eventually } from './processes.ts';

const mongoUri = 'mongodb://mongo:27017/?retryWrites=false';
const testing = fileURLToPath(new URL('../../../libs/testing', import.meta.url));

/** The program's own check, asked more often than usual. */
const health = (...test: [string, ...string[]]) => ({
  test: ['CMD', ...test] as ['CMD', ...string[]],
  ...{ interval: 500, timeout: 4_000, retries: 60 },
});
const ownHealth = health('node', 'docker/healthcheck.mjs');

/** Our two programs, a fake Ollama and a store, each in a container of its own, in a network of their own. */
export interface ContainerRig {
  readonly orchestrator: StartedTestContainer;
  readonly agent: StartedTestContainer;
  readonly ollama: StartedTestContainer;
  readonly mongo: StartedTestContainer;
  /** Address of the orchestrator for clients; it changes when its container starts anew. */
  url(): string;
  /** A client with the admin key, or with another one. */
  client(key?: string): OpenAI;
  /** Waits until as many nodes are ready as there should be. */
  nodesReady(count: number): Promise<void>;
  stop(): Promise<void>;
}

/** `answer` describes what the fake Ollama says, in its own flags. */
export async function startContainerRig(answer: readonly string[]): Promise<ContainerRig> {
  const network = await new Network().start();
  const join = `tutti-test-${randomUUID()}`;
  const at = (image: string, alias: string) =>
    new GenericContainer(image).withNetwork(network).withNetworkAliases(alias);
  const start = async (container: GenericContainer): Promise<StartedTestContainer> => {
    const output: string[] = [];
    try {
      return await container
        .withLogConsumer((stream) => stream.on('data', (text: Buffer) => output.push(text.toString('utf8'))))
        .start();
    } catch (cause) {
      await stop();
      throw new Error(`A container does not start:\n${output.join('')}`, { cause });
    }
  };
  const stop = async (): Promise<void> => {
    const { dockerode } = (await getContainerRuntimeClient()).container;
    const inNetwork = { all: true, filters: { network: [network.getName()] } };
    for (const { Id } of await dockerode.listContainers(inNetwork))
      await dockerode.getContainer(Id).remove({ force: true, v: true });
    await network.stop();
    await dockerode.getVolume(join).remove({ force: true });
  };

  const mongo = await start(
    at('mongo:8', 'mongo')
      .withExposedPorts(27_017)
      .withHealthCheck(health('mongosh', '--quiet', '--eval', 'db.adminCommand("ping").ok'))
      .withWaitStrategy(Wait.forHealthCheck()),
  );
  // As on loopback, Ollama answers to names of its own machine only; this one ends as such names do.
  const ollama = await start(
    at('tutti-agent:test', 'ollama.internal')
      .withCopyDirectoriesToContainer([{ source: testing, target: '/tutti/libs/testing' }])
      .withEntrypoint(['node', 'libs/testing/src/fake-ollama/main.ts'])
      .withCommand(['--host', '0.0.0.0', '--port', '11434', ...answer])
      .withWaitStrategy(Wait.forLogMessage('"port":11434')),
  );
  const orchestrator = await start(
    at('tutti-orchestrator:test', 'orchestrator')
      .withExposedPorts(3001)
      .withBindMounts([{ source: join, target: '/run/tutti' }])
      .withEnvironment({ TUTTI_MONGODB_URI: mongoUri, TUTTI_SERVER_JOIN_TOKEN_FILE: '/run/tutti/join-token' })
      .withHealthCheck(ownHealth)
      .withWaitStrategy(Wait.forHealthCheck()),
  );
  const agent = await start(
    at('tutti-agent:test', 'agent')
      .withBindMounts([{ source: join, target: '/run/tutti', mode: 'ro' }])
      .withEnvironment({
        TUTTI_AGENT_NAME: 'node',
        TUTTI_AGENT_JOIN: 'orchestrator:50051',
        TUTTI_AGENT_TOKEN_FILE: '/run/tutti/join-token',
        LLAMA_BASE_URL: 'http://ollama.internal:11434',
      })
      .withHealthCheck(ownHealth)
      .withWaitStrategy(Wait.forHealthCheck()),
  );
  const adminKey = (await orchestrator.exec(['tutti', 'keys', 'admin', '--show'])).stdout.trim();
  const url = (): string => `http://${orchestrator.getHost()}:${orchestrator.getMappedPort(3001)}`;
  return {
    ...{ orchestrator, agent, ollama, mongo, url, stop },
    client: (apiKey = adminKey) => new OpenAI({ baseURL: `${url()}/v1`, apiKey, maxRetries: 0 }),
    async nodesReady(count) {
      await eventually(
        async () => {
          const { nodes } = (await (await fetch(`${url()}/health`)).json()) as { nodes: { healthy: number } };
          return nodes.healthy === count || undefined;
        },
        `${count} nodes ready`,
        30_000,
      );
    },
  };
}

/** Sends the container's first process a signal. The returned function waits for its exit code. */
export async function signalled(
  container: StartedTestContainer,
  signal: NodeJS.Signals,
): Promise<() => Promise<number>> {
  const { container: containers } = await getContainerRuntimeClient();
  const handle = containers.getById(container.getId());
  await handle.kill({ signal });
  return async () => ((await handle.wait()) as { StatusCode: number }).StatusCode;
}
