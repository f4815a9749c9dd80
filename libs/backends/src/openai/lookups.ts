import { ClusterError, throwIfAborted } from '@tutti/core';
import { z } from 'zod';
import { createHttp, type Http, type HttpOptions } from '../http.ts';
import { jsonIn, readAnswer, textOf } from '../read-answer.ts';

const count = z.number().int().positive().nullish();
const words = z.array(z.string()).nullish();

/** What the servers add to OpenAI's `id` differs; what has another shape counts as not told. */
const listedSchema = z.object({
  id: z.string().min(1),
  owned_by: z.string().nullish().catch(undefined),
  created: z.number().nullish().catch(undefined),
  context_length: count.catch(undefined),
  max_model_len: count.catch(undefined),
  max_context_length: count.catch(undefined),
  meta: z
    .object({ n_ctx: count.catch(undefined), n_ctx_train: count, size: count })
    .nullish()
    .catch(undefined),
  supported_parameters: words.catch(undefined),
  architecture: z.object({ input_modalities: words }).nullish().catch(undefined),
});
const listSchema = z.object({ data: z.array(listedSchema) });

export type Listed = z.infer<typeof listedSchema>;

/** What only llama-server tells of itself. */
export interface Props {
  /** Calls at a time. */
  readonly slots?: number | undefined;
  /** Tokens of context that each of them has. */
  readonly contextLength?: number | undefined;
  readonly version?: string | undefined;
  /** What its model can do, in the words of `Model.capabilities`; undefined: it does not say. */
  readonly capabilities?: readonly string[] | undefined;
}

const propsSchema = z.object({
  total_slots: count.catch(undefined),
  default_generation_settings: z.object({ n_ctx: count }).optional().catch(undefined),
  build_info: z.string().max(64).optional().catch(undefined),
  chat_template_caps: z.object({ supports_tools: z.boolean() }).optional().catch(undefined),
  modalities: z.object({ vision: z.boolean() }).optional().catch(undefined),
});

/** Asks a server what it has and what it is. */
export interface Lookups {
  /** Its models; undefined: it has no list. */
  list(signal: AbortSignal): Promise<Listed[] | undefined>;
  /** Undefined: it is no llama-server, or does not say. */
  props(signal: AbortSignal): Promise<Props | undefined>;
  close(): Promise<void>;
}

export function createLookups({ url, parseError, ...options }: HttpOptions): Lookups {
  const http = createHttp({
    ...options,
    // llama-server has `/props` beside /v1, not in it.
    url: url.replace(/\/v1$/, ''),
    parseError: (status, refused) =>
      status === 404 ? new ClusterError('not_found', 'The backend has nothing there.') : parseError(status, refused),
  });
  const listPath = url.endsWith('/v1') ? '/v1/models' : '/models';
  return {
    async list(signal) {
      const text = await textAt(http, listPath, signal);
      if (text === undefined) return undefined;
      return readAnswer(text, listSchema, { path: '/models', api: 'OpenAI' }).data;
    },
    async props(signal) {
      try {
        const text = await textAt(http, '/props', signal);
        const told = propsSchema.parse(jsonIn(text ?? ''));
        return {
          slots: told.total_slots ?? undefined,
          contextLength: told.default_generation_settings?.n_ctx ?? undefined,
          version: told.build_info,
          capabilities: capabilitiesOf(told),
        };
      } catch {
        throwIfAborted(signal);
        return undefined;
      }
    },
    close: () => http.close(),
  };
}

/** A template that knows no tools leaves them out in silence. */
function capabilitiesOf({ chat_template_caps: template, modalities }: z.infer<typeof propsSchema>) {
  if (!template || !modalities) return undefined;
  return ['completion', ...(template.supports_tools ? ['tools'] : []), ...(modalities.vision ? ['vision'] : [])];
}

/** Undefined: there is nothing at the path. */
async function textAt(http: Http, path: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    return await textOf(await http.send('GET', path, { signal }), signal);
  } catch (thrown) {
    const error = ClusterError.from(thrown);
    if (error.reason === 'not_found') return undefined;
    throw error;
  }
}
