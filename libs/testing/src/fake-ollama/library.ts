import type { Exchange } from './exchange.ts';
import { goJson } from './go-json.ts';
import { createModelTable } from './model-table.ts';
import { parseModelName } from './model-name.ts';
import { decodeRequest, modelRequest } from './request.ts';
import type { ServerState } from './server-state.ts';

/** Names that no registry has: what begins with this cannot be pulled. */
const unknownPrefix = 'unknown';
const layerBytes = 1_000_000;

/** Pulls at once, in four steps of progress. */
export async function answerPull(state: ServerState, exchange: Exchange): Promise<void> {
  const named = readName(exchange);
  if (!named) return;
  const { name, stream } = named;
  const lines = name.startsWith(unknownPrefix) ? refusedPull : pullOf(name);
  const failed = 'error' in lines.at(-1)!;
  if (!failed && !state.models.find(name)) state.models = createModelTable([...state.models.list, name]);
  if (!stream) return exchange.json(failed ? 500 : 200, goJson(lines.at(-1)!));
  exchange.open(200, 'application/x-ndjson');
  for (const line of lines) await exchange.write(`${goJson(line)}\n`);
  exchange.end('');
}

export function answerDelete(state: ServerState, exchange: Exchange): void {
  const named = readName(exchange);
  if (!named) return;
  const model = state.models.find(named.name);
  if (!model) return exchange.json(404, goJson({ error: `model '${named.name}' not found` }));
  state.models = createModelTable(state.models.list.filter((other) => other !== model));
  exchange.status(200);
}

const refusedPull = [{ status: 'pulling manifest' }, { error: 'pull model manifest: file does not exist' }];

function pullOf(name: string): object[] {
  const digest = `sha256:${Buffer.from(parseModelName(name).full).toString('hex').padEnd(64, '0').slice(0, 64)}`;
  const layer = { status: `pulling ${digest.slice(7, 19)}`, digest, total: layerBytes };
  return [
    { status: 'pulling manifest' },
    ...[0.25, 0.5, 1].map((part) => ({ ...layer, completed: part * layerBytes })),
    { status: 'verifying sha256 digest' },
    { status: 'writing manifest' },
    { status: 'success' },
  ];
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
