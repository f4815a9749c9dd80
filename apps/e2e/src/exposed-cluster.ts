import {
  quickKeepalive,
  startProgram,
  startOrchestrator,
  temporaryFolder,
  eventually,
  type Agent,
  type Orchestrator,
} from './processes.ts';

/** What the orchestrator tells of a join token, once. */
export interface Invitation {
  readonly token: { readonly id: string; readonly usesLeft: number };
  readonly secret: string;
  /** The line to paste on the other machine. */
  readonly command: string;
}

export interface NodeRow {
  readonly name: string;
  readonly id: string;
  readonly status: string;
  readonly problem: string;
  readonly certificateExpiresAt: string;
}

/** A request without its path. */
export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Terms {
  readonly ttlMs?: number;
  readonly uses?: number;
}

interface Newcomer {
  readonly name: string;
  /** Its data folder; one of its own by default. */
  readonly folder?: string;
  /** One for a single use by default; '': none. */
  readonly token?: string;
  readonly args?: readonly string[];
}

/** A real orchestrator that other machines can reach, and its administrator. Reached by loopback all the same. */
export interface ExposedCluster {
  readonly orchestrator: Orchestrator;
  /** Its data folder. */
  readonly folder: string;
  readonly adminKey: string;
  /** What the orchestrator was started with, besides. */
  readonly args: readonly string[];
  /** Asks with the admin's key. */
  ask(path: string, init?: Asked): Promise<Response>;
  /** An answer's JSON; throws unless the status is 200. */
  json<T>(path: string, init?: Asked): Promise<T>;
  invite(terms?: Terms): Promise<Invitation>;
  /** Starts an agent as the line to paste does, with an echo for a backend. */
  join(newcomer: Newcomer): Promise<Agent>;
  nodes(): Promise<NodeRow[]>;
  /** Waits until exactly these nodes are ready. */
  ready(...names: readonly string[]): Promise<void>;
  chat(): Promise<Response>;
  /** Waits until the orchestrator has logged this. */
  logged(text: RegExp): Promise<void>;
}

export const echoModel = 'echo:latest';

export const jsonBody = (body: unknown) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

/** Stopped by `stopAll`. */
export async function startExposedCluster(args: readonly string[] = []): Promise<ExposedCluster> {
  const folder = await temporaryFolder();
  const orchestrator = await startOrchestrator(['--host', '0.0.0.0', '--data-folder', folder, ...args]);
  return clusterOf(orchestrator, folder, orchestrator.facts.firstAdminKey!, args);
}

/** Starts the orchestrator of a cluster anew, on the same ports, with what lies in the folder. */
export async function restarted({ orchestrator, folder, adminKey, args }: ExposedCluster): Promise<ExposedCluster> {
  orchestrator.kill('SIGKILL');
  await orchestrator.exited;
  const { port, grpcPort } = orchestrator.facts;
  const again = await startOrchestrator([
    ...['--host', '0.0.0.0', '--data-folder', folder],
    ...['--port', `${port}`, '--grpc-port', `${grpcPort}`],
    ...args,
  ]);
  return clusterOf(again, folder, again.facts.firstAdminKey ?? adminKey, args);
}

function clusterOf(
  orchestrator: Orchestrator,
  folder: string,
  adminKey: string,
  args: readonly string[],
): ExposedCluster {
  const ask = (path: string, init: Asked = {}): Promise<Response> =>
    fetch(orchestrator.url + path, { ...init, headers: { authorization: `Bearer ${adminKey}`, ...init.headers } });
  const json = async <T>(path: string, init?: Asked): Promise<T> => {
    const response = await ask(path, init);
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
  const invite = (terms: Terms = {}): Promise<Invitation> => json('/api/tokens', jsonBody({ ttlMs: 60_000, ...terms }));
  const nodes = async (): Promise<NodeRow[]> => (await json<{ nodes: NodeRow[] }>('/api/nodes')).nodes;
  return {
    ...{ orchestrator, folder, adminKey, args, ask, json, invite, nodes },
    async join({ name, folder = '', token, args = [] }) {
      const secret = token ?? (await invite()).secret;
      return startProgram('agent', [
        ...['--join', `127.0.0.1:${orchestrator.facts.grpcPort}`, ...(secret === '' ? [] : ['--token', secret])],
        ...['--host', '127.0.0.1', '--port', '0', '--name', name, '--backend', 'echo'],
        ...['--data-folder', folder || (await temporaryFolder())],
        ...quickKeepalive,
        ...args,
      ]);
    },
    async ready(...names) {
      const readyNames = async () => (await nodes()).filter(({ status }) => status === 'READY').map(({ name }) => name);
      await eventually(async () => (await readyNames()).join() === names.join(), `ready: ${names.join() || 'none'}`);
    },
    chat: () =>
      ask('/api/chat', jsonBody({ model: echoModel, stream: false, messages: [{ role: 'user', content: 'hello' }] })),
    async logged(text) {
      await eventually(() => text.test(orchestrator.log()), `the orchestrator logs ${text}`);
    },
  };
}
