import { unitVector } from '../unit-vector.ts';
import type { Exchange } from './exchange.ts';
import type { Strike } from './faults.ts';
import { goJson } from './go-json.ts';
import { inSlot } from './in-slot.ts';
import { nanoseconds } from './lines.ts';
import { parseModelName } from './model-name.ts';
import { optionsError, runnerOptionsOf } from './options.ts';
import { decodeRequest, embedRequest, keepAliveMs } from './request.ts';
import { countTokens } from './script.ts';
import type { ServerState } from './server-state.ts';

/** Begin and end marks, which the model reads too. */
const markTokens = 2;

export async function answerEmbed(state: ServerState, exchange: Exchange, strike: Strike | undefined): Promise<void> {
  const { clock, runners } = state;
  const arrivedMs = clock.now();
  const refuse = (status: number, error: string): void => exchange.json(status, goJson({ error }));
  const decoded = decodeRequest(exchange.body, embedRequest);
  if ('error' in decoded) return refuse(400, decoded.error);
  const { request } = decoded;
  const inputs = inputsOf(request.input);
  if (inputs === undefined) return refuse(400, 'invalid input type');
  const name = goJson(request.model);
  const model = state.models.find(request.model ?? '');
  if (!model) {
    const id = parseModelName(request.model ?? '');
    if (!id.valid) return refuse(500, `unqualified name: ${id.full}`);
    return refuse(404, `model ${name} not found, try pulling it first`);
  }
  const error = optionsError(request.options ?? {});
  if (error !== undefined) return refuse(500, error);
  const options = { ...model.parameters, ...request.options };
  const runner = runnerOptionsOf(options, state.contextLength, model.contextLength);
  const lease = await runners.use(model, runner, keepAliveMs(request.keep_alive), exchange.signal);
  if ('error' in lease) return refuse(lease.status, lease.error);
  try {
    const loadMs = clock.now() - arrivedMs;
    if (inputs.length === 0) return exchange.json(200, `{"model":${name},"embeddings":[]}`);
    const counts = inputs.map((input) => countTokens(input) + markTokens);
    if (request.truncate === false && counts.some((count) => count > runner.numCtx)) {
      return refuse(400, 'the input length exceeds the context length');
    }
    const tokens = counts.reduce((sum, count) => sum + Math.min(count, runner.numCtx), 0);
    const asked = { model, lease, text: '', promptTokens: tokens, strike };
    await inSlot(state, exchange, asked, (pace) => (pace.isDue(0) ? Promise.resolve() : pace.until(0)));
    const vectors = inputs.map((input) => unitVector(input, model.embeddingLength, request.dimensions ?? 0));
    const durations = `"total_duration":${nanoseconds(clock.now() - arrivedMs)},"load_duration":${nanoseconds(loadMs)}`;
    exchange.json(200, `{"model":${name},"embeddings":${goJson(vectors)},${durations},"prompt_eval_count":${tokens}}`);
  } finally {
    lease.release();
  }
}

/** An empty string is no input, but an empty string in a list is one. */
function inputsOf(input: unknown): readonly string[] | undefined {
  if (input === undefined || input === null || input === '') return [];
  if (typeof input === 'string') return [input];
  if (!Array.isArray(input)) return undefined;
  return input.every((item) => typeof item === 'string') ? input : undefined;
}
