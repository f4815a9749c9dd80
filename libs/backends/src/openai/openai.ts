import {
  asksNothing,
  ClusterError,
  done,
  modelNotFound,
  opened,
  throwIfAborted,
  type Call,
  type Chunk,
  type Clock,
  type Context,
  type Generate,
  type Stream,
} from '@tutti/core';
import { createEventParser, mustCall, parseError, parseVectors, renderRequest } from '@tutti/dialects/openai';
import { Verb } from '@tutti/proto/tutti/agent/v1/model';
import type { Backend, ServerSettings } from '../backend.ts';
import { createRefusals, isCloudServer, isRemote, serverUrl, unlessRefused } from '../hosted.ts';
import { createHttp, type Http } from '../http.ts';
import { promptCharacters } from '../node/prompt-characters.ts';
import { textOf } from '../read-answer.ts';
import { streamed } from '../streamed.ts';
import { createLookups, type Lookups, type Props } from './lookups.ts';
import { createOpenaiModels, type OpenaiModels } from './models.ts';
import { showLine } from './show.ts';

interface Settings extends ServerSettings {
  readonly clock: Clock;
}

/** What servers that do not tell are taken to run at a time on one model. */
const usualSlots = 4;
const usualCloudSlots = 16;
/** A server that is away is opened all the same. */
const propsTimeoutMs = 2_000;
const charactersPerToken = 4;

/** Any server that speaks OpenAI's API: llama-server, vLLM, LM Studio, OpenRouter, OpenAI itself. */
export async function openOpenai(settings: Settings): Promise<Backend> {
  const { apiKey, models: wanted, strict = false, clock } = settings;
  const url = serverUrl(settings.url, '/v1');
  const cloud = isCloudServer({ ...settings, url });
  const refusals = createRefusals(settings, parseError);
  const common = {
    url,
    parseError: refusals.parseError,
    server: 'the model server',
    ...(apiKey !== undefined && { headers: { authorization: `Bearer ${apiKey}` } }),
  };
  const http = createHttp(common);
  const lookups = createLookups(common);
  const told = settings.slots === undefined && !cloud ? (await readInTime(lookups, clock))?.slots : undefined;
  const slots = settings.slots ?? told ?? (cloud ? usualCloudSlots : usualSlots);
  const models = createOpenaiModels({ lookups, wanted, cloud, slots, clock });
  return {
    slots,
    remote: isRemote(url),
    generate: generateOn(http, models, strict),
    inventory: unlessRefused(refusals, { kind: 'openai', wanted, cloud }, models.read),
    async *verb({ verb, bodyJson }) {
      if (verb === Verb.SHOW) return yield* [showLine(bodyJson, models.find)];
      throw new ClusterError(
        'not_implemented',
        "This node's server speaks OpenAI's API, which has no way to handle models; do it at the server.",
      );
    },
    async close() {
      await Promise.all([http.close(), lookups.close()]);
    },
  };
}

async function readInTime(lookups: Lookups, clock: Clock): Promise<Props | undefined> {
  const controller = new AbortController();
  const stop = clock.after(propsTimeoutMs, () => controller.abort());
  try {
    return await lookups.props(controller.signal);
  } catch {
    return undefined;
  } finally {
    stop();
  }
}

function generateOn(http: Http, models: OpenaiModels, strict: boolean): Generate {
  const open = async function* (
    call: Call,
    { signal, hops }: Context,
  ): AsyncGenerator<Chunk, Stream<Chunk> | undefined> {
    throwIfAborted(signal);
    const model = models.find(call.model);
    if (!model) throw modelNotFound(call.model);
    refuseSmall(call, model.contextLength);
    refuseTools(call, model.capabilities);
    // Whatever is there is loaded already, and stays.
    if (asksNothing(call)) return void (yield done({ reason: 'load', usage: {}, timings: {} }));
    const { path, body } = renderRequest(call, { model: model.name, strict });
    const response = await http.send('POST', path, { body, signal, headers: { 'x-tutti-hops': String(hops) } });
    const promptTokens = Math.ceil(promptCharacters(call) / charactersPerToken);
    if (call.kind.case === 'embed') {
      const inputs = call.kind.value.inputs.length;
      const { dimensions } = call.kind.value;
      yield* parseVectors(await textOf(response, signal), { inputs, promptTokens, dimensions });
      return undefined;
    }
    return streamed(response, createEventParser({ promptTokens, mustCall: mustCall(call) }), signal);
  };
  return (call, context) => opened(open(call, context));
}

/** A server's context is what it was started with: nobody can ask for more. */
function refuseSmall({ model, numCtx }: Call, contextLength: number | undefined): void {
  const min = numCtx?.min ?? 0;
  if (contextLength === undefined || min <= contextLength) return;
  throw new ClusterError(
    'context_length_exceeded',
    `The call needs a context of ${min} tokens; "${model}" has ${contextLength} at this server.`,
    { param: 'num_ctx' },
  );
}

/** The server would leave them out, and answer as if there were none. */
function refuseTools({ kind, model }: Call, capabilities: readonly string[] = []): void {
  if (kind.case !== 'chat' || kind.value.tools.length === 0 || kind.value.toolChoiceJson === '"none"') return;
  if (capabilities.includes('tools') || !capabilities.includes('completion')) return;
  throw new ClusterError('invalid_request', `"${model}" does not support tools`, { param: 'tools' });
}
