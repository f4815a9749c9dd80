import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '@tutti/core';
import { systemClock } from '@tutti/runtime';
import { createActivity, type Activity, type FakeRequest } from './activity.ts';
import { strikeEarly } from './early-fault.ts';
import { createExchange, pathOf, type Exchange } from './exchange.ts';
import { createFaults, inferencePaths, type Fault, type FaultScope } from './faults.ts';
import type { FakeModel } from './model.ts';
import { createModelTable } from './model-table.ts';
import { route } from './routes.ts';
import { createRunners } from './runners.ts';
import type { ServerState } from './server-state.ts';
import { createStamp } from './stamp.ts';

export interface FakeOllamaOptions {
  /** 0, the default, for any that is free. */
  readonly port?: number;
  /** Address to listen on, 127.0.0.1. Names of other machines are refused on any, as Ollama does on loopback. */
  readonly host?: string;
  /** A string is the name of a chat model. By default a small chat model and a small embedding model. */
  readonly models?: readonly (string | FakeModel)[];
  /** What the delays are measured with; the machine's time by default. */
  readonly clock?: Clock;
  /** What models say: a text, which is cut into one token a word, or the tokens. By default the prompt's words, repeated. */
  readonly answer?: (prompt: string) => string | Iterable<string>;
  /** Length of the default answer, 16. Infinity never ends. */
  readonly tokens?: number;
  /** Time to read a prompt, 0. */
  readonly firstTokenDelayMs?: number;
  /** Time between tokens, 0: the answer is then written as one piece. */
  readonly tokenDelayMs?: number;
  /** Time to load a model, 0. */
  readonly loadMs?: number;
  /** Slots of one runner, 1. Further requests wait. */
  readonly parallel?: number;
  /** Context of a runner when the request says nothing, 4096. */
  readonly contextLength?: number;
  /** How long a model stays when the request says nothing, 300,000. */
  readonly keepAliveMs?: number;
  readonly version?: string;
  /** How many of the last requests are kept for tests to look at, 1000. */
  readonly keepRequests?: number;
}

/** An HTTP server that answers as Ollama 0.17.4 does, without a model, and fails when told to. */
export interface FakeOllama extends Pick<Activity, 'requests' | 'live' | 'aborted'> {
  readonly url: string;
  readonly port: number;
  /** Models in memory, the longest-lived first. */
  readonly runners: readonly { readonly model: string; readonly numCtx: number; readonly expiresAtMs: number }[];
  /** How often any model was loaded, reloads included. */
  readonly loads: number;
  /** Makes requests fail; the returned function takes it back. */
  fail(fault: Fault, scope?: FaultScope): () => void;
  setModels(models: readonly (string | FakeModel)[]): void;
  /** The `count`-th request to the path since the start (the first by default), as soon as it has come. */
  whenRequest(path: string, count?: number): Promise<FakeRequest>;
  /** Resolves when no inference request is open. */
  whenIdle(): Promise<void>;
  /** Resolves when `count` inference requests (one by default) have lost their client since the start. */
  whenAborted(count?: number): Promise<void>;
  /** Closes the port and all connections. A fake that is started on the same port later looks like a restart. */
  close(): Promise<void>;
}

const defaultModels: readonly FakeModel[] = [
  { name: 'smollm2:135m', parameters: { num_thread: 1 } },
  { name: 'all-minilm:latest', capabilities: ['embedding'] },
];

export async function startFakeOllama(options: FakeOllamaOptions = {}): Promise<FakeOllama> {
  const state = createState(options);
  const activity = createActivity(options.keepRequests ?? 1000);
  const server = createServer((request, response) => void handle(state, activity, request, response));
  // Go's server never closes an idle connection by itself.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests: activity.requests,
    get live() {
      return activity.live;
    },
    get aborted() {
      return activity.aborted;
    },
    get runners() {
      return state.runners.list.map(({ model, ...rest }) => ({ model: model.id.short, ...rest }));
    },
    get loads() {
      return state.runners.loads;
    },
    fail: (fault, scope = {}) => state.faults.add(fault, scope),
    setModels(models) {
      state.models = createModelTable(models);
    },
    whenRequest: (path, count = 1) => activity.whenRequest(path, count),
    whenIdle: () => activity.whenIdle(),
    whenAborted: (count = 1) => activity.whenAborted(count),
    async close() {
      state.runners.close();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function createState(options: FakeOllamaOptions): ServerState {
  const clock = options.clock ?? systemClock;
  return {
    version: options.version ?? '0.17.4',
    clock,
    stamp: createStamp(clock),
    answering: { tokens: options.tokens ?? 16, ...(options.answer && { answer: options.answer }) },
    firstTokenDelayMs: options.firstTokenDelayMs ?? 0,
    tokenDelayMs: options.tokenDelayMs ?? 0,
    contextLength: options.contextLength ?? 4096,
    keepAliveMs: options.keepAliveMs ?? 300_000,
    runners: createRunners({ clock, loadMs: options.loadMs ?? 0, parallel: options.parallel ?? 1 }),
    faults: createFaults(),
    models: createModelTable(options.models ?? defaultModels),
  };
}

async function handle(
  state: ServerState,
  activity: Activity,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = pathOf(request);
  let exchange: Exchange | undefined;
  if (inferencePaths.has(path)) {
    activity.begin();
    response.once('close', () => {
      activity.end(response.writableFinished || exchange?.destroyed === true ? 'answered' : 'aborted');
    });
  }
  try {
    const body = await readBody(request);
    activity.record({ method: request.method ?? '', path, body });
    exchange = createExchange(request, response, body);
    await answer(state, exchange);
  } catch (thrown) {
    if (!response.destroyed) throw thrown;
  }
}

/** Rejects when the client leaves before it has sent all of it. */
function readBody(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => (body += chunk));
    request.once('end', () => resolve(body));
    request.once('error', reject);
  });
}

async function answer(state: ServerState, exchange: Exchange): Promise<void> {
  const model = (): string => modelNamed(exchange.body);
  const strike = state.faults.next(exchange.path, model);
  if (strike && (await strikeEarly(exchange, strike, model()))) return;
  await route(state, exchange, strike);
}

function modelNamed(body: string): string {
  try {
    const { model } = JSON.parse(body) as { model?: unknown };
    return typeof model === 'string' ? model : '';
  } catch {
    return '';
  }
}
