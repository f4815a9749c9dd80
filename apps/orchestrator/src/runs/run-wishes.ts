import { ClusterError, type Call } from '@tutti/core';
import type { Json, JsonObject, RunWishes } from '@tutti/core/patterns';

/** What makes a model say one thing or another, in Ollama's names. */
const sampling: ReadonlySet<string> = new Set([
  ...[
    'temperature',
    'top_p',
    'top_k',
    'min_p',
    'typical_p',
    'tfs_z',
    'seed',
    'mirostat',
    'mirostat_eta',
    'mirostat_tau',
  ],
  ...['repeat_last_n', 'repeat_penalty', 'presence_penalty', 'frequency_penalty', 'penalize_newline'],
]);

/** OpenAI's own, which go with each of its requests: they wish for nothing. */
const usual: Readonly<Record<string, number>> = { temperature: 1, top_p: 1 };

/** How a call wants the models of a run to answer. Refuses, by its name, what several models cannot do together. */
export function runWishesOf(call: Call): RunWishes {
  const { model, numCtx, keepAliveMs } = call;
  const options = optionsIn(call);
  const other = Object.keys(options).find((name) => !sampling.has(name));
  if (other !== undefined) throw refuseWish(model, other);
  const wishedCtx = numCtx?.preferred || numCtx?.min;
  return {
    ...(Object.keys(options).length > 0 && { sampling: options }),
    ...(wishedCtx && { numCtx: wishedCtx }),
    ...(keepAliveMs !== undefined && { keepAliveMs }),
  };
}

export function refuseWish(model: string, wish: string): ClusterError {
  const message = `"${model}" is several models that answer together, and does not support ${wish}; ask one model for it.`;
  return new ClusterError('invalid_request', message, { param: wish });
}

function optionsIn({ optionsJson, dialect }: Call): JsonObject {
  if (optionsJson === '') return {};
  const options = JSON.parse(optionsJson) as Record<string, Json>;
  const wished = Object.entries(options).filter(
    ([name, value]) => !isNothing(value) && !(dialect === 'openai' && usual[name] === value),
  );
  return Object.fromEntries(wished);
}

function isNothing(value: Json): boolean {
  return value === null || (Array.isArray(value) && value.length === 0);
}
