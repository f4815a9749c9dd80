import type { FakeModel } from '@tutti/testing';

interface Listed {
  readonly name: string;
  readonly digest: string;
  readonly size: number;
  readonly modified_at: string;
  readonly details: NonNullable<FakeModel['details']>;
}

interface Shown {
  readonly capabilities: NonNullable<FakeModel['capabilities']>;
  readonly template?: string;
  readonly parameters?: string;
  readonly modelfile: string;
  readonly license?: string;
  readonly system?: string;
  readonly details: { readonly family: string; readonly parent_model: string };
  readonly model_info: Readonly<Record<string, unknown>>;
  readonly tensors: readonly unknown[];
}

/** The models that a real Ollama has, as facts for a fake one. */
export async function mirroredModels(url: string): Promise<FakeModel[]> {
  const tags = await fetch(`${url}/api/tags`);
  const { models } = (await tags.json()) as { models: Listed[] };
  return Promise.all(models.map((listed) => mirroredModel(url, listed)));
}

async function mirroredModel(url: string, listed: Listed): Promise<FakeModel> {
  const response = await fetch(`${url}/api/show`, { method: 'POST', body: JSON.stringify({ model: listed.name }) });
  const shown = (await response.json()) as Shown;
  const fact = (name: string): number => Number(shown.model_info[`${shown.details.family}.${name}`]);
  return {
    name: listed.name,
    digest: listed.digest,
    weights: /^FROM (\/.*)$/m.exec(shown.modelfile)?.[1] ?? listed.name,
    sizeBytes: listed.size,
    modifiedAt: listed.modified_at,
    details: listed.details,
    capabilities: shown.capabilities,
    contextLength: fact('context_length'),
    embeddingLength: fact('embedding_length'),
    parameters: parameters(shown.parameters ?? ''),
    template: shown.template ?? '',
    license: shown.license ?? '',
    system: shown.system ?? '',
    modelInfo: shown.model_info,
    tensors: shown.tensors,
    parent: shown.details.parent_model,
  };
}

/** One name and one JSON value a line; a name that comes twice is a list. */
function parameters(text: string): Record<string, number | string | string[]> {
  const found: Record<string, number | string | string[]> = {};
  for (const [, name = '', json = ''] of text.matchAll(/^(\S+)\s+(.*)$/gm)) {
    const value = JSON.parse(json) as number | string;
    found[name] = typeof value === 'string' ? [...((found[name] as string[] | undefined) ?? []), value] : value;
  }
  return found;
}
