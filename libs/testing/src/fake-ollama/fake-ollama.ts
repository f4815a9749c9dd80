import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock, Random } from '@tutti/core';
import { systemClock } from '@tutti/runtime';
import { createProcessor, seededRandom } from '@tutti/simulation';
import { createActivity, type Activity, type FakeRequest } from './activity.ts';
import { answerBlob, blobPath, createBlobStore } from './blobs.ts';
import { answerControl, controlPath } from './control.ts';
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
  /** What faults that have a share are drawn with; the same numbers each time by default. */
  readonly random?: Random;
  /** What models say: a text, which is cut into one token a word, or the tokens. By default the prompt's words, repeated. */
  readonly answer?: (prompt: string) => string | Iterable<string>;
  /** The value that models give to a schema; undefined, by default: the smallest that it allows. */
  readonly instance?: (prompt: string) => unknown;
  /** Length of the default answer, 16. Infinity never ends. */
  readonly tokens?: number;
  /** Time to read a prompt, 0. */
  readonly firstTokenDelayMs?: number;
  /** Time between tokens, 0: the answer is then written as one piece. */
  readonly tokenDelayMs?: number;
  /**
   * Prompt tokens and output tokens a second of one request alone, instead of the delays: requests then slow each other,
   * and cached prompt tokens take no time. Both or none.
   */
  readonly prefillSpeed?: number;
  readonly decodeSpeed?: number;
  /** By how much each further request on a runner slows those with speeds, 0: with 0.2 two take 1.2 times as long. */
  readonly slowBySame?: number;
  /** The same for each request on another runner, 0. */
  readonly slowByOthers?: number;
  /** Time to load a model, 0. One loads at a time. */
  readonly loadMs?: number;
  /** Slots of one runner, 1. Further requests wait. Embedding models have one. */
  readonly parallel?: number;
  /** Memory for models, no limit. With one, models are shown to be in video memory. */
  readonly memoryBytes?: number;
  /** Models in memory at a time, no limit. */
  readonly maxLoadedModels?: number;
  /** Requests that may wait for a load, besides the one whose turn it is, 512. */
  readonly maxQueue?: number;
  /** Context of a runner when the request says nothing, 4096. */
  readonly contextLength?: number;
  /** How long a model stays when the request says nothing, 300,000. */
  readonly keepAliveMs?: number;
  /** Time between two lines of a pull, 0. */
  readonly pullStepMs?: number;
  /** Folder that blobs are written to, as Ollama's OLLAMA_MODELS. By default only their digests are kept. */
  readonly modelsFolder?: string;
  readonly version?: string;
  /** How many of the last requests are kept for tests to look at, 1000. */
  readonly keepRequests?: number;
  /** Whether other processes may ask for its counts and add faults, on a path that no Ollama has. Not by default. */
  readonly control?: boolean;
}

/** An HTTP server that answers as Ollama 0.17.4 does, without a model, and fails when told to. */
export interface FakeOllama extends Pick<Activity, 'requests' | 'live' | 'aborted'> {
  readonly url: string;
  readonly port: number;
  /** Models in memory, the longest-lived first. */
  readonly runners: readonly { readonly model: string; readonly numCtx: number; readonly expiresAtMs: number }[];
  /** How often any model was loaded, reloads included. */
  readonly loads: number;
  /** How often the same model with other options had to go for it. */
  readonly reloads: number;
  /** How often another model had to go for it. */
  readonly evictions: number;
  /** Requests that go on burning without their clients. */
  readonly zombies: number;
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
  const control = options.control ?? false;
  const server = createServer((request, response) => void handle(state, activity, control, request, response));
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
      return state.runners.list.map(({ model, numCtx, expiresAtMs }) => ({
        model: model.id.short,
        numCtx,
        expiresAtMs,
      }));
    },
    get loads() {
      return state.runners.loads;
    },
    get reloads() {
      return state.runners.reloads;
    },
    get evictions() {
      return state.runners.evictions;
    },
    get zombies() {
      return state.zombies;
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
      state.processor.clear();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function createState(options: FakeOllamaOptions): ServerState {
  const clock = options.clock ?? systemClock;
  const memoryBytes = options.memoryBytes ?? Infinity;
  return {
    version: options.version ?? '0.17.4',
    clock,
    stamp: createStamp(clock),
    answering: {
      tokens: options.tokens ?? 16,
      ...(options.answer && { answer: options.answer }),
      ...(options.instance && { instance: options.instance }),
    },
    firstTokenDelayMs: options.firstTokenDelayMs ?? 0,
    tokenDelayMs: options.tokenDelayMs ?? 0,
    prefillSpeed: options.prefillSpeed,
    decodeSpeed: options.decodeSpeed,
    contextLength: options.contextLength ?? 4096,
    memoryBytes,
    runners: createRunners({
      clock,
      memoryBytes,
      maxLoadedModels: options.maxLoadedModels ?? Infinity,
      maxQueue: options.maxQueue ?? 512,
      loadMs: options.loadMs ?? 0,
      parallel: options.parallel ?? 1,
      keepAliveMs: options.keepAliveMs ?? 300_000,
    }),
    processor: createProcessor({
      clock,
      slowBySame: options.slowBySame ?? 0,
      slowByOthers: options.slowByOthers ?? 0,
    }),
    faults: createFaults(options.random ?? seededRandom(1)),
    pullStepMs: options.pullStepMs ?? 0,
    blobs: createBlobStore(options.modelsFolder),
    models: createModelTable(options.models ?? defaultModels),
    zombies: 0,
  };
}

async function handle(
  state: ServerState,
  activity: Activity,
  control: boolean,
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
    const digest = blobPath.exec(path)?.[1];
    if (digest !== undefined) {
      activity.record({ method: request.method ?? '', path, body: '' });
      return await answerBlob(state.blobs, digest, request, response);
    }
    const body = await readBody(request);
    exchange = createExchange(request, response, body);
    if (control && path === controlPath) return answerControl(state, activity, exchange);
    activity.record({ method: request.method ?? '', path, body });
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
