import type { Exchange } from './exchange.ts';
import { goJson } from './go-json.ts';

/** Sends lines of progress one by one, or only the last: 500 if that tells an error. */
export async function sendLines(
  exchange: Exchange,
  lines: readonly object[],
  stream: boolean,
  pause = async (): Promise<void> => {},
): Promise<void> {
  const last = lines.at(-1)!;
  if (stream) exchange.open(200, 'application/x-ndjson');
  for (const line of lines) {
    await pause();
    if (stream) await exchange.write(`${goJson(line)}\n`);
  }
  if (stream) exchange.end('');
  else exchange.json('error' in last ? 500 : 200, goJson(last));
}
