import {
  ClusterError,
  done,
  isLoad,
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
import { createEventParser, parseError, renderRequest } from '@tutti/dialects/anthropic';
import type { Backend, ServerSettings } from '../backend.ts';
import { createRefusals, isCloudServer, isRemote, serverUrl, unlessRefused } from '../hosted.ts';
import { createHttp, type Http } from '../http.ts';
import { streamed } from '../streamed.ts';
import { createAnthropicModels, type AnthropicModels } from './models.ts';

interface Settings extends ServerSettings {
  readonly clock: Clock;
}

/** The version of the API that is spoken. */
const version = '2023-06-01';

/** What the server is taken to run at a time on one model, if nobody says. */
const usualSlots = 16;

/** A server that speaks Anthropic's API: it can chat, with tools, pictures and thoughts, and nothing else. */
export async function openAnthropic(settings: Settings): Promise<Backend> {
  const { apiKey, models: wanted, slots = usualSlots, clock } = settings;
  const url = serverUrl(settings.url, '/v1');
  const cloud = isCloudServer({ ...settings, url });
  const refusals = createRefusals(settings, parseError);
  const http = createHttp({
    url,
    server: 'the model server',
    headers: { 'anthropic-version': version, ...(apiKey !== undefined && { 'x-api-key': apiKey }) },
    parseError: refusals.parseError,
  });
  const models = createAnthropicModels({ http, wanted, cloud, slots, clock });
  return {
    slots,
    remote: isRemote(url),
    generate: generateOn(http, models),
    inventory: unlessRefused(refusals, { kind: 'anthropic', wanted, cloud }, models.read),
    async *verb() {
      throw new ClusterError(
        'not_implemented',
        "This node's server speaks Anthropic's API, which has no way to handle models.",
      );
    },
    close: () => http.close(),
  };
}

function generateOn(http: Http, models: AnthropicModels): Generate {
  const open = async function* (
    call: Call,
    { signal, hops }: Context,
  ): AsyncGenerator<Chunk, Stream<Chunk> | undefined> {
    throwIfAborted(signal);
    const model = models.find(call.model);
    if (!model) throw modelNotFound(call.model);
    // Whatever is there is loaded already, and stays.
    if (isLoad(call)) return void (yield done({ reason: 'load', usage: {}, timings: {} }));
    const { body, beta } = renderRequest(call, { model: model.id, mostTokens: model.mostTokens });
    const headers = { 'x-tutti-hops': String(hops), ...(beta !== undefined && { 'anthropic-beta': beta }) };
    const response = await http.send('POST', '/messages', { body, signal, headers });
    return streamed(response, createEventParser(), signal);
  };
  return (call, context) => opened(open(call, context));
}
