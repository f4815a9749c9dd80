/** A model, as /v1/models shows it to clients of Anthropic. */
export interface ListedModel {
  readonly name: string;
  /** When it was last changed, RFC 3339. Empty: unknown. */
  readonly modifiedAt: string;
  /** Context length in tokens. */
  readonly contextLength?: number | undefined;
}

/** A part of a list, by names. */
export interface Page {
  /** Most models. Absent: all. */
  readonly limit?: number | undefined;
  /** Name of the model before the first. */
  readonly afterId?: string | undefined;
  /** Name of the model after the last. */
  readonly beforeId?: string | undefined;
}

/** The answer of GET /v1/models. Names that begin with "claude" come first: some clients show no others. */
export function renderModels(
  models: readonly ListedModel[],
  { limit = Infinity, afterId, beforeId }: Page = {},
): string {
  const sorted = [...models.filter(isClaude), ...models.filter((model) => !isClaude(model))];
  const from = afterId === undefined ? 0 : sorted.findIndex(({ name }) => name === afterId) + 1;
  const before = beforeId === undefined ? -1 : sorted.findIndex(({ name }) => name === beforeId);
  const all = sorted.slice(from, before === -1 ? sorted.length : before);
  const page = before === -1 ? all.slice(0, limit) : all.slice(-Math.min(limit, all.length) || all.length);
  return JSON.stringify({
    data: page.map(modelItem),
    has_more: page.length < all.length,
    first_id: page.at(0)?.name ?? null,
    last_id: page.at(-1)?.name ?? null,
  });
}

/** The answer of GET /v1/models/:id. */
export function renderModel(model: ListedModel): string {
  return JSON.stringify(modelItem(model));
}

function isClaude({ name }: ListedModel): boolean {
  return name.startsWith('claude');
}

/** Anthropic's word for a date that is unknown is the first second of all. */
function modelItem({ name, modifiedAt, contextLength }: ListedModel) {
  const modifiedMs = Date.parse(modifiedAt);
  return {
    type: 'model',
    id: name,
    display_name: name,
    created_at: new Date(Number.isNaN(modifiedMs) ? 0 : modifiedMs).toISOString(),
    capabilities: null,
    max_input_tokens: contextLength ?? null,
    max_tokens: null,
    lifecycle: 'active',
    deprecated_at: null,
    retires_at: null,
    line: null,
  };
}
