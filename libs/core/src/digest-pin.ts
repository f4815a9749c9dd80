import { ClusterError } from './error.ts';
import type { Call } from './generate.ts';
import { canonicalModel } from './model-name.ts';

/** What stands behind the name of a model that is wanted by its content: `llama3.2:3b@sha256:…`. */
const pin = /@sha256:([^@]*)$/;

/** The call with the digest that its model's name pins, and the bare name. Throws `invalid_request` for half a digest. */
export function withDigest(call: Call): Call {
  const [suffix, digest] = pin.exec(call.model) ?? [];
  if (suffix === undefined || digest === undefined) return call;
  if (!/^[\da-f]{64}$/.test(digest)) {
    const message = `"${suffix.slice(0, 80)}" is no digest: after @sha256: write the 64 digits that /api/tags shows.`;
    throw new ClusterError('invalid_request', message, { param: 'model' });
  }
  return { ...call, model: canonicalModel(call.model.slice(0, -suffix.length)), digest };
}
