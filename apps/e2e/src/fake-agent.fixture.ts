import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { createClient, type Client } from '@connectrpc/connect';
import { connectNodeAdapter, createGrpcTransport } from '@connectrpc/connect-node';
import { AgentService } from '@tutti/proto/tutti/agent/v1/agent';
import { RegistryService } from '@tutti/proto/tutti/agent/v1/registry';
import type { NodeStateSchema } from '@tutti/proto/tutti/agent/v1/state';
import type { Orchestrator } from './processes.ts';

export type Report = MessageInitShape<typeof NodeStateSchema>;

/** An agent that says what a test wants it to say, over real connections. It sends heartbeats only when told to. */
export interface FakeAgent {
  readonly nodeId: string;
  readonly epoch: number;
  readonly registry: Client<typeof RegistryService>;
  /** Calls that it was sent. It takes none of them and answers none. */
  readonly calls: number;
  /** Reports this to whoever watches. */
  report(state: Report): void;
  close(): void;
}

/** Its first report is `state`; undefined: it takes the watcher's call and reports nothing. */
export async function startFakeAgent(
  { facts }: Pick<Orchestrator, 'facts'>,
  name: string,
  state: Report | undefined,
): Promise<FakeAgent> {
  const waiting: Report[] = state ? [state] : [];
  const closed = new AbortController();
  let wake = (): void => {};
  let calls = 0;
  const server = createServer(
    connectNodeAdapter({
      routes: (router) =>
        router.service(AgentService, {
          async *watch(_, { signal }) {
            signal.addEventListener('abort', () => wake());
            while (!signal.aborted && !closed.signal.aborted) {
              for (let next = waiting.shift(); next; next = waiting.shift())
                yield { state: { bootId: 'b', ...next } as Report };
              await new Promise<void>((resolve) => (wake = resolve));
            }
          },
          // eslint-disable-next-line require-yield
          async *invoke(_, { signal }) {
            calls += 1;
            await new Promise((resolve) => signal.addEventListener('abort', resolve));
          },
        }),
    }),
  );
  server.on('session', (session) => session.on('error', () => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const baseUrl = `http://127.0.0.1:${facts.grpcPort}`;
  const registry = createClient(RegistryService, createGrpcTransport({ baseUrl }));
  const who = { nodeId: name, bootId: 'b', name, address: `127.0.0.1:${port}`, protocolVersion: 1 };
  const { epoch } = await registry.register(who);
  return {
    ...{ nodeId: name, epoch, registry },
    get calls() {
      return calls;
    },
    report(next) {
      waiting.push(next);
      wake();
    },
    close() {
      closed.abort();
      wake();
      server.close();
    },
  };
}
