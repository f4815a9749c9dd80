/** A model, as /v1/models shows it. */
export interface ListedModel {
  readonly name: string;
  /** When it was last changed, RFC 3339. Empty: unknown. */
  readonly modifiedAt: string;
  /** Context length in tokens. */
  readonly contextLength?: number | undefined;
  /** Empty: unknown. */
  readonly capabilities: readonly string[];
  /** "pattern": several models that answer like one; "alias": another name of a model. Absent: "model". */
  readonly kind?: 'alias' | 'model' | 'pattern';
  /** Names of the nodes that have it. */
  readonly nodes: readonly string[];
  /** Names of the nodes that have it in memory. */
  readonly loaded: readonly string[];
}

/** The answer of GET /v1/models. */
export function renderModels(models: readonly ListedModel[]): string {
  return JSON.stringify({
    object: 'list',
    data: models.map(modelItem),
    has_more: false,
    first_id: models.at(0)?.name ?? null,
    last_id: models.at(-1)?.name ?? null,
  });
}

/** The answer of GET /v1/models/:id. */
export function renderModel(model: ListedModel): string {
  return JSON.stringify(modelItem(model));
}

/** The fields of OpenAI, Anthropic and the servers that clients know, in one: each client finds its own. */
function modelItem(model: ListedModel) {
  const { name, modifiedAt, contextLength, capabilities, kind = 'model', nodes, loaded } = model;
  const modifiedMs = Date.parse(modifiedAt);
  return {
    id: name,
    object: 'model',
    created: Number.isNaN(modifiedMs) ? 0 : Math.floor(modifiedMs / 1000),
    owned_by: 'tutti',
    name,
    type: 'model',
    display_name: name,
    ...(!Number.isNaN(modifiedMs) && { created_at: new Date(modifiedMs).toISOString() }),
    ...(contextLength !== undefined && { context_length: contextLength, max_model_len: contextLength }),
    // Some clients read nothing of a list in which a model has no price.
    pricing: { prompt: '0', completion: '0' },
    ...(capabilities.length > 0 && { capabilities }),
    tutti: { kind, nodes, loaded },
  };
}
