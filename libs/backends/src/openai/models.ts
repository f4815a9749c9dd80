import type { MessageInitShape } from '@bufbuild/protobuf';
import { canonicalModel, ClusterError, cloudCapability } from '@tutti/core';
import type { ModelSchema } from '@tutti/proto/tutti/agent/v1/state';
import type { Inventory } from '../backend.ts';
import { offered, rereadAfter, type ListedModels, type ListedModelsOptions } from '../listed-models.ts';
import type { Listed, Lookups, Props } from './lookups.ts';

type Model = Omit<MessageInitShape<typeof ModelSchema>, '$typeName' | '$unknown'>;

type Found = Model & { readonly name: string };

export type OpenaiModels = ListedModels<Found>;

interface Options extends ListedModelsOptions {
  readonly lookups: Lookups;
}

/** A list of a cloud changes seldom, and each look is a request to somebody else's server. */
const cloudListMs = 60_000;
/** More runners than that are not reported. */
const mostRunners = 64;

/** The models of an OpenAI-compatible server. */
export function createOpenaiModels({ lookups, wanted, cloud, slots, clock }: Options): OpenaiModels {
  let known: ReadonlyMap<string, Found> | undefined;

  const toModel = (listed: Listed, facts: Props | undefined): Found => {
    const trained = contextOf(listed);
    const contextLength = Math.min(trained ?? Infinity, facts?.contextLength ?? Infinity);
    const capabilities = [...(capabilitiesOf(listed) ?? facts?.capabilities ?? [])];
    return {
      name: listed.id,
      capabilities: cloud ? [cloudCapability, ...capabilities] : capabilities,
      ...(Number.isFinite(contextLength) && { contextLength }),
      ...(listed.meta?.size && { sizeBytes: listed.meta.size }),
      ...(cloud && listed.created && { modifiedAt: new Date(listed.created * 1_000).toISOString() }),
    };
  };

  const readAll = async (signal: AbortSignal): Promise<Inventory> => {
    const all = (await lookups.list(signal)) ?? believed(wanted);
    const listed = offered(all, wanted);
    const facts = all.some(isLlamaServer) ? await lookups.props(signal) : undefined;
    const models = listed.map((one) => toModel(one, facts));
    known = new Map(models.toReversed().map((model) => [canonicalModel(model.name), model]));
    // Such servers do not tell what is in memory: whatever they list answers.
    const runners = models.slice(0, mostRunners).map(({ name, contextLength }) => ({
      model: name,
      slots: Math.min(slots, facts?.slots ?? slots),
      ...(contextLength !== undefined && { contextLength }),
    }));
    return { backend: { kind: 'openai', version: facts?.version ?? '' }, models, runners };
  };

  return {
    read: rereadAfter(cloud ? cloudListMs : 0, clock, readAll),
    find: (name) => (known ? known.get(canonicalModel(name)) : { name }),
  };
}

/** Others name a file `/props`, if anything. */
function isLlamaServer({ owned_by: owner }: Listed): boolean {
  return owner === 'llamacpp';
}

/** A server may have no list: what it is said to have is believed then. */
function believed(wanted: readonly string[] | undefined): Listed[] {
  if (wanted) return wanted.map((id) => ({ id }));
  throw new ClusterError('bad_upstream', 'The backend has no list of models: name its models in the configuration.');
}

function contextOf(listed: Listed): number | undefined {
  const { context_length: context, max_model_len: longest, max_context_length: most, meta } = listed;
  return context ?? longest ?? most ?? meta?.n_ctx ?? meta?.n_ctx_train ?? undefined;
}

/** Only OpenRouter tells in its list; undefined: nothing is known. */
function capabilitiesOf({ supported_parameters: parameters, architecture }: Listed): string[] | undefined {
  if (!parameters) return undefined;
  return [
    'completion',
    ...(parameters.includes('tools') ? ['tools'] : []),
    ...(parameters.includes('reasoning') ? ['thinking'] : []),
    ...(architecture?.input_modalities?.includes('image') ? ['vision'] : []),
  ];
}
