import { ClusterError } from './error.ts';
import type { Call } from './generate.ts';

/** What a name may end with: `llama3.2@ctx=32k`, for clients that have no other place to say it. */
const contextSuffix = /@ctx=([^@]*)$/i;

const units: Readonly<Record<string, number>> = { '': 1, k: 1_024, m: 1_024 ** 2 };

const largest = 2 ** 31 - 1;

/**
 * The call with what its model's name asks for in its fields, and the bare name. Throws `invalid_request` for what is
 * no context length, and where the request's own num_ctx is another.
 */
export function withModelOptions(call: Call): Call {
  const [suffix, value] = contextSuffix.exec(call.model) ?? [];
  if (suffix === undefined || value === undefined) return call;
  const preferred = contextLength(value);
  const given = call.numCtx?.preferred || preferred;
  if (given !== preferred) {
    throw refused(
      `The model's name asks for a context of ${preferred} tokens and num_ctx for ${given}; leave one out.`,
    );
  }
  const numCtx = { $typeName: 'tutti.agent.v1.ContextWindow' as const, min: call.numCtx?.min ?? 0, preferred };
  return { ...call, model: call.model.slice(0, -suffix.length), numCtx };
}

function contextLength(value: string): number {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)([km]?)$/i.exec(value) ?? [];
  const tokens = Number(digits) * (units[unit.toLowerCase()] ?? NaN);
  if (digits !== '' && Number.isInteger(tokens) && tokens >= 4 && tokens <= largest) return tokens;
  const shown = JSON.stringify(value.slice(0, 40));
  throw refused(
    `${shown} is no context length: after @ctx= write tokens from 4 to ${largest}, like 8192, 32k or 1m (k is 1024).`,
  );
}

function refused(message: string): ClusterError {
  return new ClusterError('invalid_request', message, { param: 'model' });
}
