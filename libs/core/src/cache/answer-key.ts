import { toBinary } from '@bufbuild/protobuf';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import type { Call, Context } from '../generate.ts';
import { parsedOptions } from '../parameters/preset-options.ts';

/** A digest of a text and bytes, such as SHA-256 in hex. */
export type Hash = (text: string, bytes: Uint8Array) => string;

/** Names an answer by all that can change it, and by whose it is. `version`: of the model. */
export function answerKey(call: Call, context: Context, version: string, hash: Hash): string {
  const { principal, privacy, pin, tier, parameters, choice } = context;
  const asked = { ...call };
  // How long the model stays in memory afterwards changes nothing of the answer.
  delete asked.keepAliveMs;
  return hash(
    JSON.stringify([principal.id, version, privacy, pin, tier, parameters, choice]),
    toBinary(CallSchema, asked),
  );
}

/** Whether the call asks for an answer, and for nothing beside it: no load, and no unload afterwards. */
export function asksForAnswer({ kind, keepAliveMs }: Call): boolean {
  if (keepAliveMs === 0) return false;
  if (kind.case === 'chat') return kind.value.messages.length > 0;
  if (kind.case === 'completion') return kind.value.prompt !== '';
  return kind.case === 'embed' && kind.value.inputs.length > 0;
}

/** Whether the model would give the same answer again: vectors, the likeliest words, or chance with a seed. */
export function isDeterministic({ kind, optionsJson }: Call, { parameters }: Context): boolean {
  if (kind.case === 'embed') return true;
  const { temperature, seed } = (parsedOptions(optionsJson) ?? {}) as { temperature?: unknown; seed?: unknown };
  if (temperature === 0) return true;
  // Below 0 it means: any. With sampling that the cluster chooses, the seed alone does not settle the answer.
  return parameters === undefined && typeof seed === 'number' && Number.isInteger(seed) && seed >= 0;
}
