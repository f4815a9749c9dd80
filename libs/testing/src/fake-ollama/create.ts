import type { Exchange } from './exchange.ts';
import { goJson } from './go-json.ts';
import { sendLines } from './lines-of-progress.ts';
import { pullOf } from './library.ts';
import { createModelTable } from './model-table.ts';
import { parseModelName } from './model-name.ts';
import { createRequest, decodeRequest } from './request.ts';
import type { ServerState } from './server-state.ts';

/** Makes a model from files that were uploaded, or from another model, which is pulled if it is not there. */
export async function answerCreate(state: ServerState, exchange: Exchange): Promise<void> {
  const refuse = (error: string): void => exchange.json(400, goJson({ error }));
  const decoded = decodeRequest(exchange.body, createRequest);
  if ('error' in decoded) return refuse(decoded.error);
  const { model, name: alias, from, files, adapters, stream } = decoded.request;
  const name = model || alias;
  if (!name || !parseModelName(name).valid) return refuse('invalid model name');
  const digests = [...Object.values(files ?? {}), ...Object.values(adapters ?? {})];
  if (!from && digests.length === 0) return refuse("neither 'from' or 'files' was specified");
  const missing = digests.find((digest) => !state.blobs.has(digest));
  const base = from ? state.models.find(from) : undefined;
  const before = from && !base ? pullOf(from).slice(0, -1) : [];
  const lines = [
    ...before,
    ...(missing === undefined
      ? digests.map((digest) => ({ status: `using existing layer ${digest}` }))
      : [{ error: `open blobs/${missing.replace(':', '-')}: no such file or directory` }]),
    ...(missing === undefined ? [{ status: 'writing manifest' }, { status: 'success' }] : []),
  ];
  if (missing === undefined) {
    const others = state.models.list.filter((other) => other !== state.models.find(name));
    const weightsBlob = digests[0]?.slice('sha256:'.length);
    const made = base ? { ...base, name } : { name, ...(weightsBlob !== undefined && { weightsBlob }) };
    state.models = createModelTable([...others, made]);
  }
  await sendLines(exchange, lines, stream ?? true);
}
