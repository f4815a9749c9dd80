import { unitVector } from '../unit-vector.ts';
import type { Exchange } from './exchange.ts';
import type { Strike } from './faults.ts';
import { goJson } from './go-json.ts';
import { inSlot } from './in-slot.ts';
import { nanoseconds } from './lines.ts';
import type { Model } from './model.ts';
import { parseModelName } from './model-name.ts';
import { optionsError, runnerOptionsOf } from './options.ts';
import { decodeRequest, embeddingsRequest, embedRequest, keepAliveMs, type Request } from './request.ts';
import { countTokens } from './script.ts';
import type { ServerState } from './server-state.ts';

/** Begin and end marks, which the model reads too. */
const markTokens = 2;
/** How long the vectors are that the model itself makes. */
const rawLength = 2.5;
const tooLong = 'the input length exceeds the context length';

interface Work {
  readonly model: Model;
  readonly numCtx: number;
  readonly loadMs: number;
  /** Waits for a slot in which to read so many tokens. */
  read(tokens: number): Promise<void>;
}

type Refuse = (status: number, error: string) => void;

/** POST /api/embed. */
export async function answerEmbed(state: ServerState, exchange: Exchange, strike: Strike | undefined): Promise<void> {
  const refuse = refusalOn(exchange);
  const arrivedMs = state.clock.now();
  const decoded = decodeRequest(exchange.body, embedRequest);
  if ('error' in decoded) return refuse(400, decoded.error);
  const { request } = decoded;
  const inputs = inputsOf(request.input);
  if (inputs === undefined) return refuse(400, 'invalid input type');
  const id = parseModelName(request.model ?? '');
  if (!id.valid) return refuse(500, `unqualified name: ${id.full}`);
  await loaded(state, exchange, { asked: request, strike }, async ({ model, numCtx, loadMs, read }) => {
    const name = goJson(request.model);
    if (inputs.length === 0) return exchange.json(200, `{"model":${name},"embeddings":[]}`);
    const counts = inputs.map(tokensOf);
    if (request.truncate === false && counts.some((count) => count > numCtx)) return refuse(400, tooLong);
    const tokens = counts.reduce((sum, count) => sum + Math.min(count, numCtx), 0);
    await read(tokens);
    const vectors = inputs.map((input) => unitVector(input, model.embeddingLength, request.dimensions ?? 0));
    const totalMs = state.clock.now() - arrivedMs;
    const durations = `"total_duration":${nanoseconds(totalMs)},"load_duration":${nanoseconds(loadMs)}`;
    exchange.json(200, `{"model":${name},"embeddings":${goJson(vectors)},${durations},"prompt_eval_count":${tokens}}`);
  });
}

/** POST /api/embeddings, the older route: one text, and its vector as the model makes it. */
export async function answerEmbeddings(
  state: ServerState,
  exchange: Exchange,
  strike: Strike | undefined,
): Promise<void> {
  const refuse = refusalOn(exchange);
  const decoded = decodeRequest(exchange.body, embeddingsRequest);
  if ('error' in decoded) return refuse(400, decoded.error);
  const { request: asked } = decoded;
  const prompt = asked.prompt ?? '';
  if (!parseModelName(asked.model ?? '').valid) return refuse(400, 'model is required');
  await loaded(state, exchange, { asked, strike }, async ({ model, numCtx, read }) => {
    if (prompt === '') return exchange.json(200, '{"embedding":[]}');
    if (tokensOf(prompt) > numCtx) return refuse(500, tooLong);
    await read(tokensOf(prompt));
    const vector = unitVector(prompt, model.embeddingLength, 0).map((value) => value * rawLength);
    exchange.json(200, `{"embedding":${goJson(vector)}}`);
  });
}

/** Does the work in the model's runner, or answers why it cannot be. */
async function loaded(
  state: ServerState,
  exchange: Exchange,
  { asked, strike }: { asked: Request; strike: Strike | undefined },
  work: (work: Work) => void | Promise<void>,
): Promise<void> {
  const { clock, runners } = state;
  const refuse = refusalOn(exchange);
  const arrivedMs = clock.now();
  const model = state.models.find(asked.model ?? '');
  if (!model) return refuse(404, `model ${goJson(asked.model)} not found, try pulling it first`);
  const error = optionsError(asked.options ?? {});
  if (error !== undefined) return refuse(500, error);
  const options = { ...model.parameters, ...asked.options };
  const runner = runnerOptionsOf(options, state.contextLength, model.contextLength);
  const lease = await runners.use(model, runner, keepAliveMs(asked.keep_alive), exchange.signal);
  if ('error' in lease) return refuse(lease.status, lease.error);
  const read = (promptTokens: number): Promise<void> =>
    inSlot(state, exchange, { model, lease, text: '', promptTokens, strike }, (pace) =>
      pace.isDue(0) ? Promise.resolve() : pace.until(0),
    );
  try {
    await work({ model, numCtx: runner.numCtx, loadMs: clock.now() - arrivedMs, read });
  } finally {
    lease.release();
  }
}

function refusalOn(exchange: Exchange): Refuse {
  return (status, error) => exchange.json(status, goJson({ error }));
}

function tokensOf(input: string): number {
  return countTokens(input) + markTokens;
}

/** An empty string is no input, but an empty string in a list is one. */
function inputsOf(input: unknown): readonly string[] | undefined {
  if (input === undefined || input === null || input === '') return [];
  if (typeof input === 'string') return [input];
  if (!Array.isArray(input)) return undefined;
  return input.every((item) => typeof item === 'string') ? input : undefined;
}
