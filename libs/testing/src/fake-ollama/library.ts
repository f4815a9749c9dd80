import { createHash } from 'node:crypto';
import type { Exchange } from './exchange.ts';
import { goJson } from './go-json.ts';
import { sendLines } from './lines-of-progress.ts';
import { createModelTable } from './model-table.ts';
import { parseModelName } from './model-name.ts';
import { copyRequest, decodeRequest, modelRequest } from './request.ts';
import type { ServerState } from './server-state.ts';

/** Names that no registry has: what begins with this cannot be pulled or pushed. */
const unknownPrefix = 'unknown';
const layerBytes = { weights: 1_000_000, config: 400 };

/** Pulls in a few steps of progress. */
export async function answerPull(state: ServerState, exchange: Exchange): Promise<void> {
  const named = readName(exchange);
  if (!named) return;
  const { name, stream } = named;
  const refused = name.startsWith(unknownPrefix);
  const pause = (): Promise<void> =>
    state.pullStepMs > 0 ? exchange.sleep(state.clock, state.pullStepMs) : Promise.resolve();
  await sendLines(exchange, refused ? refusedPull : pullOf(name), stream, pause);
  if (refused) return;
  for (const digest of layersOf(name).map((layer) => layer.digest)) state.blobs.add(digest);
  if (!state.models.find(name)) state.models = createModelTable([...state.models.list, name]);
}

export async function answerPush(state: ServerState, exchange: Exchange): Promise<void> {
  const named = readName(exchange);
  if (!named) return;
  const { name, stream } = named;
  const lines =
    !state.models.find(name) || name.startsWith(unknownPrefix)
      ? [{ status: 'retrieving manifest' }, { error: "couldn't retrieve manifest" }]
      : [
          { status: 'retrieving manifest' },
          ...layersOf(name).flatMap(({ digest, total }) => progressOf('pushing', digest, total)),
          { status: 'pushing manifest' },
          { status: 'success' },
        ];
  await sendLines(exchange, lines, stream);
}

export function answerDelete(state: ServerState, exchange: Exchange): void {
  const named = readName(exchange);
  if (!named) return;
  const model = state.models.find(named.name);
  if (!model) return exchange.json(404, goJson({ error: `model '${named.name}' not found` }));
  state.models = createModelTable(state.models.list.filter((other) => other !== model));
  exchange.status(200);
}

export function answerCopy(state: ServerState, exchange: Exchange): void {
  const refuse = (status: number, error: string): void => exchange.json(status, goJson({ error }));
  const decoded = decodeRequest(exchange.body, copyRequest);
  if ('error' in decoded) return refuse(400, decoded.error);
  const { source = '', destination = '' } = decoded.request;
  if (!parseModelName(source ?? '').valid) return refuse(400, `source ${goJson(source)} is invalid`);
  if (!parseModelName(destination ?? '').valid) return refuse(400, `destination ${goJson(destination)} is invalid`);
  const model = state.models.find(source!);
  if (!model) return refuse(404, `model ${goJson(source)} not found`);
  const others = state.models.list.filter((other) => other !== state.models.find(destination!));
  state.models = createModelTable([...others, { ...model, name: destination! }]);
  exchange.status(200);
}

const refusedPull = [{ status: 'pulling manifest' }, { error: 'pull model manifest: file does not exist' }];

/** The lines of a pull that goes well. */
export function pullOf(name: string): object[] {
  return [
    { status: 'pulling manifest' },
    ...layersOf(name).flatMap(({ digest, total }) => progressOf('pulling', digest, total)),
    { status: 'verifying sha256 digest' },
    { status: 'writing manifest' },
    { status: 'success' },
  ];
}

function progressOf(verb: string, digest: string, total: number): object[] {
  const layer = { status: `${verb} ${digest.slice(7, 19)}`, digest, total };
  return [layer, ...[0.25, 0.5, 1].map((part) => ({ ...layer, completed: part * total }))];
}

/** Equal names have equal layers on every fake. */
function layersOf(name: string): { digest: string; total: number }[] {
  const { full } = parseModelName(name);
  return Object.entries(layerBytes).map(([kind, total]) => ({
    digest: `sha256:${createHash('sha256').update(`${full} ${kind}`).digest('hex')}`,
    total,
  }));
}

/** The model that the body names; undefined once the request has been refused. */
function readName(exchange: Exchange): { name: string; stream: boolean } | undefined {
  const refuse = (error: string): undefined => {
    exchange.json(400, goJson({ error }));
  };
  const decoded = decodeRequest(exchange.body, modelRequest);
  if ('error' in decoded) return refuse(decoded.error);
  const name = decoded.request.model || decoded.request.name;
  if (!name || !parseModelName(name).valid) return refuse('invalid model name');
  return { name, stream: decoded.request.stream ?? true };
}
