import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createActivity, type Activity, type FakeRequest } from '../fake-ollama/activity.ts';
import { unitVector } from '../unit-vector.ts';
import { createFaults, refusals, type Faults, type OpenaiFault, type OpenaiFaultScope } from './faults.ts';
import { words, type OpenaiRequest } from './said.ts';
import { stream } from './stream.ts';

export interface FakeOpenaiOptions {
  /** 0, the default, for any that is free. */
  readonly port?: number;
  readonly models?: readonly string[];
  /** Demanded of every request. */
  readonly apiKey?: string;
  /** What the model says; by default the prompt's words, repeated. A prompt with `call:name` calls the tool of that name. */
  readonly answer?: (prompt: string) => string;
  /** Length of the default answer, 16. Infinity never ends. */
  readonly tokens?: number;
  readonly tokenDelayMs?: number;
  /** False: it never tells counts. */
  readonly usage?: boolean;
  /** Present: it tells of itself what llama-server does. */
  readonly llamaServer?: {
    readonly slots: number;
    readonly contextLength: number;
    /** Whether the model's template knows tools; left out: it does not say, as older ones. */
    readonly tools?: boolean;
  };
  /** Fields that it adds to each model of its list. */
  readonly listed?: object;
}

/** An HTTP server that answers as an OpenAI-compatible one does, without a model, and fails when told to. */
export interface FakeOpenai extends Pick<Activity, 'requests' | 'live' | 'aborted'> {
  /** With /v1 at its end. */
  readonly url: string;
  readonly port: number;
  /** Makes requests fail; the returned function takes it back. */
  fail(fault: OpenaiFault, scope?: OpenaiFaultScope): () => void;
  /** The `count`-th request to the path since the start (the first by default), as soon as it has come. */
  whenRequest(path: string, count?: number): Promise<FakeRequest>;
  /** Resolves when `count` calls (one by default) have lost their client since the start. */
  whenAborted(count?: number): Promise<void>;
  close(): Promise<void>;
}

const vectorLength = 32;
/** How long the vectors are that the model itself makes. */
const rawLength = 2.5;

export async function startFakeOpenai(options: FakeOpenaiOptions = {}): Promise<FakeOpenai> {
  const activity = createActivity(1_000);
  const faults = createFaults();
  const server = createServer((request, response) => void handle(options, activity, faults, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    port,
    requests: activity.requests,
    get live() {
      return activity.live;
    },
    get aborted() {
      return activity.aborted;
    },
    fail: (fault, scope = {}) => faults.add(fault, scope),
    whenRequest: (path, count = 1) => activity.whenRequest(path, count),
    whenAborted: (count = 1) => activity.whenAborted(count),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function handle(
  options: FakeOpenaiOptions,
  activity: Activity,
  faults: Faults,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = '', url: path = '', headers } = request;
  response.on('error', () => {});
  const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString('utf8');
  activity.record({ method, path, body });
  if (options.apiKey !== undefined && headers.authorization !== `Bearer ${options.apiKey}`) {
    return refuse(response, refusals.noKey);
  }
  if (method === 'GET') return answerGet(options, path, response);
  activity.begin();
  response.once('close', () => activity.end(response.writableFinished ? 'answered' : 'aborted'));
  const strike = faults.next();
  if (strike?.fault === 'hang') return;
  if (strike?.fault === 'refuse') return void response.socket?.destroy();
  if (strike && strike.fault in refusals) return refuse(response, refusals[strike.fault as keyof typeof refusals]);
  const asked = JSON.parse(body) as OpenaiRequest;
  if (!modelsOf(options).includes(asked.model ?? '')) return refuse(response, refusals.noModel);
  if (path === '/v1/embeddings') return json(response, embeddings(asked));
  const { answer, tokens = 16, tokenDelayMs = 0, usage = true } = options;
  await stream(response, asked, { answer, tokens, tokenDelayMs, usage }, strike);
}

function modelsOf({ models = ['llama:1b'] }: FakeOpenaiOptions): readonly string[] {
  return models;
}

function answerGet(options: FakeOpenaiOptions, path: string, response: ServerResponse): void {
  const { llamaServer, listed = {} } = options;
  if (path === '/v1/models') {
    const owner = llamaServer ? 'llamacpp' : 'somebody';
    const data = modelsOf(options).map((id) => ({ id, object: 'model', created: 1, owned_by: owner, ...listed }));
    return json(response, { object: 'list', data });
  }
  if (path === '/props' && llamaServer) {
    const { slots, contextLength, tools } = llamaServer;
    const settings = { n_ctx: contextLength };
    const abilities = { chat_template_caps: { supports_tools: tools }, modalities: { vision: false } };
    return json(response, {
      ...{ total_slots: slots, default_generation_settings: settings, build_info: 'b1-fake' },
      ...(tools !== undefined && abilities),
    });
  }
  refuse(response, { status: 404, body: '{"error":{"code":404,"message":"File Not Found","type":"not_found_error"}}' });
}

/** As llama-server, it leaves vectors as the model makes them if it is told so. */
function embeddings(asked: OpenaiRequest): object {
  const { input = [], encoding_format: format, dimensions, model, embd_normalize: norm } = asked;
  const inputs = typeof input === 'string' ? [input] : input;
  const data = inputs.map((text, index) => {
    const unit = unitVector(text, vectorLength, dimensions ?? 0);
    const vector = norm === -1 ? unit.map((value) => value * rawLength) : unit;
    const bytes = Buffer.from(Float32Array.from(vector).buffer);
    return { object: 'embedding', index, embedding: format === 'base64' ? bytes.toString('base64') : vector };
  });
  const tokens = inputs.reduce((sum, text) => sum + words(text).length, 0);
  return { object: 'list', model, data, usage: { prompt_tokens: tokens, total_tokens: tokens } };
}

function refuse(
  response: ServerResponse,
  { status, headers, body }: { status: number; headers?: Record<string, string>; body: string },
): void {
  response.writeHead(status, headers).end(body);
}

function json(response: ServerResponse, body: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
