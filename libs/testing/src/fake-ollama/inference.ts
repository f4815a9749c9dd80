import type { Exchange } from './exchange.ts';
import type { Strike } from './faults.ts';
import { goJson } from './go-json.ts';
import { inSlot } from './in-slot.ts';
import { chatFace, generateFace, type Face } from './lines.ts';
import { parseModelName } from './model-name.ts';
import type { Capability, Model } from './model.ts';
import { optionsError, runnerOptionsOf } from './options.ts';
import { chatRequest, decodeRequest, generateRequest, keepAliveMs, type Request } from './request.ts';
import type { RunnerLease } from './runners.ts';
import { schemaInstance } from './schema-instance.ts';
import { countTokens, script } from './script.ts';
import type { ServerState } from './server-state.ts';
import { deliver } from './streaming.ts';

/** What differs between `/api/chat` and `/api/generate`. */
interface Endpoint {
  readonly face: Face;
  readonly name: 'chat' | 'generate';
  /** Nothing to answer: the request only loads or unloads the model. */
  readonly empty: boolean;
  /** What the script is made from. */
  readonly prompt: string;
  /** All that the model reads. */
  readonly text: string;
  readonly promptTokens: number;
}

/** Tokens that a template adds to every prompt. */
const templateTokens = 8;

interface Refusal {
  readonly status: number;
  readonly error: string;
  /** Found when the answer had begun to stream: it goes without charset and without length. */
  readonly streaming?: boolean;
}

export async function answerChat(state: ServerState, exchange: Exchange, strike: Strike | undefined): Promise<void> {
  const decoded = decodeRequest(exchange.body, chatRequest);
  if ('error' in decoded) return refuse(exchange, { status: 400, error: decoded.error });
  const { request } = decoded;
  const name = request.model ?? '';
  if (outOfRange(request)) return refuse(exchange, { status: 400, error: 'top_logprobs must be between 0 and 20' });
  if (!state.models.find(name) && !parseModelName(name).valid)
    return refuse(exchange, { status: 400, error: 'model is required' });
  const messages = request.messages ?? [];
  const text = messages.map((message) => message.content ?? '').join(' ');
  await answer(state, exchange, strike, request, {
    face: chatFace(name, state.stamp),
    name: 'chat',
    empty: messages.length === 0,
    prompt: messages.at(-1)?.content ?? '',
    text,
    promptTokens: countTokens(text) + templateTokens,
  });
}

export async function answerGenerate(
  state: ServerState,
  exchange: Exchange,
  strike: Strike | undefined,
): Promise<void> {
  const decoded = decodeRequest(exchange.body, generateRequest);
  if ('error' in decoded) return refuse(exchange, { status: 400, error: decoded.error });
  const { request } = decoded;
  if (outOfRange(request)) return refuse(exchange, { status: 400, error: 'top_logprobs must be between 0 and 20' });
  const prompt = request.prompt ?? '';
  await answer(state, exchange, strike, request, {
    face: generateFace(request.model ?? '', state.stamp),
    name: 'generate',
    empty: prompt === '',
    prompt,
    text: prompt,
    promptTokens: countTokens(prompt) + (request.context?.length ?? 0) + (request.raw ? 0 : templateTokens),
  });
}

async function answer(
  state: ServerState,
  exchange: Exchange,
  strike: Strike | undefined,
  request: Request,
  endpoint: Endpoint,
): Promise<void> {
  const arrivedMs = state.clock.now();
  const model = state.models.find(request.model ?? '');
  if (!model) return refuse(exchange, { status: 404, error: `model '${request.model ?? ''}' not found` });
  const keepMs = keepAliveMs(request.keep_alive);
  if (endpoint.empty && keepMs === 0) {
    state.runners.unload(model);
    return exchange.json(200, endpoint.face({ content: '' }, { reason: 'unload' }));
  }
  const early = refusal(request, model, endpoint);
  if (early) return refuse(exchange, early);
  const options = { ...model.parameters, ...request.options };
  const runner = runnerOptionsOf(options, state.contextLength, model.contextLength);
  const lease = await state.runners.use(model, runner, keepMs, exchange.signal);
  if ('error' in lease) return refuse(exchange, lease);
  try {
    const loadMs = state.clock.now() - arrivedMs;
    if (endpoint.empty) return exchange.json(200, endpoint.face({ content: '' }, { reason: 'load' }));
    const late = lateRefusal(request, model, endpoint, runner.numCtx);
    if (late) return refuse(exchange, late);
    await speak(state, exchange, strike, { request, model, endpoint, numCtx: runner.numCtx, arrivedMs, loadMs, lease });
  } finally {
    lease.release();
  }
}

interface Speech {
  readonly request: Request;
  readonly model: Model;
  readonly endpoint: Endpoint;
  readonly numCtx: number;
  readonly arrivedMs: number;
  readonly loadMs: number;
  readonly lease: RunnerLease;
}

async function speak(
  state: ServerState,
  exchange: Exchange,
  strike: Strike | undefined,
  speech: Speech,
): Promise<void> {
  const { request, model, endpoint, numCtx, arrivedMs, loadMs, lease } = speech;
  const promptTokens = Math.min(endpoint.promptTokens, numCtx);
  await inSlot(state, exchange, { model, lease, text: endpoint.text, promptTokens, strike }, (pace) =>
    deliver(exchange, {
      face: endpoint.face,
      stream: request.stream !== false,
      pieces: script(request, model, endpoint.prompt, state.answering),
      limit: tokenLimit(request, numCtx - promptTokens),
      pace,
      strike,
      clock: state.clock,
      ending: (reason, measured) => ({
        reason,
        metrics: { ...measured, promptTokens, loadMs, totalMs: state.clock.now() - arrivedMs },
        ...(endpoint.name === 'generate' && !request.raw && { context: tokenIds(promptTokens + measured.tokens) }),
      }),
    }),
  );
}

/** A num_predict of 0 or less is no limit; with `shift: false` the context is one. */
function tokenLimit(request: Request, room: number): number {
  const asked = request.options?.['num_predict'];
  const limit = typeof asked === 'number' && asked > 0 ? asked : Infinity;
  return request.shift === false ? Math.max(1, Math.min(limit, room)) : limit;
}

function tokenIds(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

function outOfRange(request: Request): boolean {
  const top = request.top_logprobs ?? 0;
  return top < 0 || top > 20;
}

/** What is checked before the model is loaded, in Ollama's order. */
function refusal(request: Request, model: Model, endpoint: Endpoint): Refusal | undefined {
  const bad = (error: string): Refusal => ({ status: 400, error });
  if (request.raw && (request.template || request.system || request.context?.length)) {
    return bad('raw mode does not support template, system, or context');
  }
  if (endpoint.name === 'generate' && unknownLevel(request, model)) return bad(levelError(request));
  const shown = JSON.stringify(request.model);
  if (request.think && !model.capabilities.includes('thinking')) return bad(`${shown} does not support thinking`);
  if (!model.capabilities.includes('completion')) return bad(`${shown} does not support ${endpoint.name}`);
  const wanted: readonly (Capability | false)[] = [
    request.tools?.length ? 'tools' : false,
    request.suffix ? 'insert' : false,
  ];
  const missing = wanted.filter((capability) => capability && !model.capabilities.includes(capability));
  if (missing.length > 0) return bad(`${model.id.full} does not support ${missing.join('\n')}`);
  const error = optionsError(request.options ?? {});
  return error === undefined ? undefined : { status: 500, error };
}

/** What is checked afterwards. */
function lateRefusal(request: Request, model: Model, endpoint: Endpoint, numCtx: number): Refusal | undefined {
  if (unknownLevel(request, model)) return { status: 400, error: levelError(request) };
  const streaming = request.stream !== false;
  const format = formatError(request.format);
  if (format !== undefined) return { status: 500, error: format, streaming };
  if (request.truncate !== false || endpoint.promptTokens <= numCtx) return undefined;
  return { status: 400, error: 'the input length exceeds the context length', streaming };
}

function unknownLevel(request: Request, model: Model): boolean {
  return typeof request.think === 'string' && model.details.family !== 'gptoss';
}

function levelError(request: Request): string {
  return `think value "${request.think}" is not supported for this model`;
}

function formatError(format: unknown): string | undefined {
  if (format === undefined || format === null || format === '' || format === 'json') return undefined;
  if (typeof format !== 'object' || Array.isArray(format)) {
    return `invalid format: ${JSON.stringify(goJson(format))}; expected "json" or a valid JSON Schema object`;
  }
  const type: unknown = 'type' in format ? format.type : undefined;
  const valid = type === undefined || typeof type === 'string' || Array.isArray(type);
  return valid && hasInstance(format) ? undefined : 'invalid JSON schema in format';
}

/** Whether it makes sense further down as well. */
function hasInstance(schema: object): boolean {
  try {
    schemaInstance(schema);
    return true;
  } catch {
    return false;
  }
}

function refuse(exchange: Exchange, { status, error, streaming }: Refusal): void {
  const body = goJson({ error });
  if (!streaming) return exchange.json(status, body);
  exchange.open(status, 'application/json');
  exchange.end(body);
}
