import type { Capability, Dialect } from './client.ts';

/** Places at which our answers are known to differ from those of an Ollama. */
interface KnownDifference {
  readonly dialects: readonly Dialect[];
  readonly capability?: Capability;
  /** Matches the beginning of a place as `shapeOf` tells it. */
  readonly place: RegExp;
  readonly what: string;
  readonly why: string;
}

/** All that may differ. What is not here is a defect. */
export const knownDifferences: readonly KnownDifference[] = [
  {
    dialects: ['ollama', 'openai', 'anthropic'],
    place: /^((models|data)?\[\]\.)?tutti\./,
    what: '`tutti` in an answer, in the last object of a stream and in each listed model',
    why: 'It tells which node answered and why, or which nodes have the model. Clients ignore what they do not know.',
  },
  {
    dialects: ['ollama'],
    capability: 'list',
    place: /^models\[\]\.capabilities\[\]/,
    what: '`capabilities` in each model of `/api/tags`',
    why: 'Newer Ollamas list them too, and clients then need not ask for each model by itself.',
  },
  {
    dialects: ['openai'],
    capability: 'list',
    place:
      /^((data)?\[\]\.)?(capabilities|context_length|created_at|display_name|max_model_len|name|pricing|type|has_more|first_id|last_id)\b/,
    what: 'more fields in each model of `/v1/models`, and of its list',
    why: 'One shape that OpenAI clients, Anthropic clients and chat front ends all read.',
  },
  {
    dialects: ['openai'],
    place: /^(choices\[\]\.(logprobs|message\.refusal): null|\[\]\.usage: null)/,
    what: '`logprobs`, `refusal` and, before the end of a stream with usage, `usage` are null',
    why: "As OpenAI's own server writes them; Ollama leaves them out.",
  },
  {
    dialects: ['openai'],
    capability: 'stream',
    place: /^\[\]\.choices\[\]\.delta\.(content|role): null/,
    what: 'pieces of a stream say only what is new',
    why: 'OpenAI names the role in the first piece only; Ollama repeats it, and an empty content, in each.',
  },
  {
    dialects: ['anthropic'],
    capability: 'list',
    place: /./,
    what: "`/v1/models` answers Anthropic's clients in Anthropic's shape",
    why: "Ollama answers them in OpenAI's.",
  },
  {
    dialects: ['anthropic'],
    place: /(\.|^)(container|diagnostics|stop_details|stop_sequence|stop_reason|citations): null|usage\./,
    what: 'fields that are null or 0 are there',
    why: "As Anthropic's own server writes them; Ollama leaves them out.",
  },
  {
    dialects: ['anthropic'],
    capability: 'json',
    place: /./,
    what: '`output_config` with a JSON schema is kept to',
    why: 'Ollama ignores it, so what it answers is no JSON.',
  },
];

/** Whether it is known that a place differs. */
export function isKnown(dialect: Dialect, capability: Capability, place: string): boolean {
  return knownDifferences.some(
    (known) =>
      known.dialects.includes(dialect) && (known.capability ?? capability) === capability && known.place.test(place),
  );
}
