import type { MessageInitShape } from '@bufbuild/protobuf';
import { canonicalModel, cloudCapability } from '@tutti/core';
import type { ModelSchema } from '@tutti/proto/tutti/agent/v1/state';
import { z } from 'zod';
import type { Inventory } from '../backend.ts';
import type { Http } from '../http.ts';
import { offered, rereadAfter, type ListedModels, type ListedModelsOptions } from '../listed-models.ts';
import { readAnswer, textOf } from '../read-answer.ts';

type Model = MessageInitShape<typeof ModelSchema>;

const count = z.number().int().positive().nullish().catch(undefined);
const supported = z.object({ supported: z.boolean() }).nullish().catch(undefined);

const listedSchema = z.object({
  id: z.string().min(1),
  created_at: z.string().nullish().catch(undefined),
  max_input_tokens: count,
  max_tokens: count,
  capabilities: z.object({ image_input: supported, thinking: supported }).nullish().catch(undefined),
});
const pageSchema = z.object({
  data: z.array(listedSchema),
  has_more: z.boolean().default(false),
  last_id: z.string().nullish(),
});

type Listed = z.infer<typeof listedSchema>;

/** The server's own name for a model, and what is known of it. */
interface Found {
  readonly id: string;
  /** Most tokens that it can generate. */
  readonly mostTokens?: number | undefined;
}

export type AnthropicModels = ListedModels<Found>;

interface Options extends ListedModelsOptions {
  readonly http: Http;
}

/** Models change seldom, and each look is a request to somebody else's server. */
const listMs = 60_000;
/** More pages than that are not read. */
const mostPages = 10;
const pageSize = 1_000;

/** The models of an Anthropic server. */
export function createAnthropicModels({ http, wanted, cloud, slots, clock }: Options): AnthropicModels {
  let known: ReadonlyMap<string, Found> | undefined;

  const readAll = async (signal: AbortSignal): Promise<Inventory> => {
    const listed = offered(await list(http, signal), wanted);
    known = new Map(
      listed.map(({ id, max_tokens: most }) => [canonicalModel(id), { id, mostTokens: most ?? undefined }]),
    );
    return {
      backend: { kind: 'anthropic' },
      models: listed.map((one) => toModel(one, cloud)),
      // Nothing is told of its memory: whatever is listed answers.
      runners: listed.map(({ id, max_input_tokens: context }) => ({
        model: id,
        slots,
        ...(context && { contextLength: context }),
      })),
    };
  };

  return {
    read: rereadAfter(listMs, clock, readAll),
    find(name) {
      if (!known) return { id: name.replace(/:latest$/, '') };
      return known.get(canonicalModel(name));
    },
  };
}

async function list(http: Http, signal: AbortSignal): Promise<Listed[]> {
  const listed: Listed[] = [];
  let after = '';
  for (let page = 0; page < mostPages; page++) {
    const { data, has_more: hasMore, last_id: last } = await readPage(http, after, signal);
    listed.push(...data);
    if (!hasMore || !last) break;
    after = `&after_id=${encodeURIComponent(last)}`;
  }
  return listed;
}

async function readPage(http: Http, after: string, signal: AbortSignal): Promise<z.infer<typeof pageSchema>> {
  const body = await http.send('GET', `/models?limit=${pageSize}${after}`, { signal });
  return readAnswer(await textOf(body, signal), pageSchema, { path: '/models', api: 'Anthropic' });
}

function toModel(listed: Listed, cloud: boolean): Model {
  const { id, created_at: createdAt, max_input_tokens: context } = listed;
  const createdMs = Date.parse(createdAt ?? '');
  const capabilities = capabilitiesOf(listed);
  return {
    name: id,
    capabilities: cloud ? [cloudCapability, ...capabilities] : capabilities,
    ...(context && { contextLength: context }),
    // The first second of all stands for a date that is unknown.
    ...(createdMs > 0 && { modifiedAt: new Date(createdMs).toISOString() }),
  };
}

/** Empty: the server does not tell. */
function capabilitiesOf({ capabilities }: Listed): string[] {
  if (!capabilities) return [];
  const { image_input: images, thinking } = capabilities;
  return [
    'completion',
    'tools',
    ...(images?.supported ? ['vision'] : []),
    ...(thinking?.supported ? ['thinking'] : []),
  ];
}
