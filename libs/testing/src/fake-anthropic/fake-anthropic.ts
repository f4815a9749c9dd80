import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createActivity, type Activity } from '../fake-ollama/activity.ts';
import { complaintAbout, type AnthropicRequest } from './complaint.ts';
import { stream } from './stream.ts';

export interface FakeAnthropicOptions {
  readonly models?: readonly string[];
  /** Demanded of every request. */
  readonly apiKey?: string;
  /** What the model says; by default the prompt's words, repeated. A prompt with `call:name` calls the tool of that name. */
  readonly answer?: (prompt: string) => string;
  /** Length of the default answer, 16. */
  readonly tokens?: number;
  readonly tokenDelayMs?: number;
}

/**
 * Before any answer: an answer with that status. After the first token: `reset` resets the connection, `errorEvent` ends
 * with an error in the stream, `endWithoutStop` just ends.
 */
export type AnthropicFault = 401 | 413 | 429 | 500 | 529 | MidStreamFault;

export type MidStreamFault = 'endWithoutStop' | 'errorEvent' | 'reset';

/** An HTTP server that answers as Anthropic's does, without a model, and as strict. */
export interface FakeAnthropic extends Pick<Activity, 'requests' | 'live' | 'aborted' | 'whenAborted'> {
  readonly url: string;
  /** Headers of the last request. */
  readonly headers: IncomingMessage['headers'];
  /** Makes the next message fail. */
  fail(fault: AnthropicFault): void;
  close(): Promise<void>;
}

const errorTypes: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  529: 'overloaded_error',
};

export async function startFakeAnthropic(options: FakeAnthropicOptions = {}): Promise<FakeAnthropic> {
  const { models = ['claude-small-1'], apiKey } = options;
  const activity = createActivity(1_000);
  let headers: IncomingMessage['headers'] = {};
  let fault: AnthropicFault | undefined;

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url: path = '' } = request;
    headers = request.headers;
    response.on('error', () => {});
    const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString('utf8');
    activity.record({ method, path, body });
    const refuse = (status: number, message: string): void => {
      const told = { type: 'error', error: { type: errorTypes[status], message }, request_id: 'req_1' };
      const more = status === 429 ? { 'retry-after': '7' } : {};
      response.writeHead(status, { 'content-type': 'application/json', ...more }).end(JSON.stringify(told));
    };
    const shownKey = (): string => headers['x-api-key']?.toString() ?? '';
    if (apiKey !== undefined && headers['x-api-key'] !== apiKey) {
      return refuse(401, `invalid x-api-key: ${shownKey()}`);
    }
    if (headers['anthropic-version'] === undefined) return refuse(400, 'anthropic-version: header is required');
    if (method === 'GET' && path.startsWith('/v1/models')) return sendModels(response, models);
    if (method !== 'POST' || path !== '/v1/messages') return refuse(404, 'Not found');
    activity.begin();
    response.once('close', () => activity.end(response.writableFinished ? 'answered' : 'aborted'));
    const asked = JSON.parse(body) as AnthropicRequest;
    const strike = fault;
    fault = undefined;
    if (typeof strike === 'number') return refuse(strike, `fault ${strike} ${shownKey()}`);
    if (!models.includes(asked.model)) return refuse(404, `model: ${asked.model}`);
    const complaint = complaintAbout(asked);
    if (complaint !== undefined) return refuse(400, complaint);
    await stream(response, asked, options, strike);
  };

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: activity.requests,
    get headers() {
      return headers;
    },
    get live() {
      return activity.live;
    },
    get aborted() {
      return activity.aborted;
    },
    fail: (next) => void (fault = next),
    whenAborted: (count) => activity.whenAborted(count),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function sendModels(response: ServerResponse, models: readonly string[]): void {
  const data = models.map((id) => ({
    ...{ type: 'model', id, display_name: id, created_at: '2026-01-02T03:04:05Z', max_input_tokens: 200_000 },
    ...{ max_tokens: 64_000, capabilities: { image_input: { supported: true }, thinking: { supported: true } } },
  }));
  const list = { data, has_more: false, first_id: models[0] ?? null, last_id: models.at(-1) ?? null };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(list));
}
