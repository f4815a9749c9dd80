import { ClusterError } from '../error.ts';

/** The most that a store keeps in one piece: half of what MongoDB takes. */
const maxBytes = 8_000_000;
/** What one UTF-16 unit takes at most in UTF-8. */
const maxUnitBytes = 3;

/** Plain JSON as the text that stores keep. `too_large` above 8 MB, `invalid_request` for what JSON cannot hold. */
export function storedJson(value: unknown, what: string): string {
  const text = written(value, what);
  if (text.length * maxUnitBytes <= maxBytes) return text;
  const bytes = new TextEncoder().encode(text).byteLength;
  if (bytes <= maxBytes) return text;
  throw new ClusterError('too_large', `${what} has ${bytes} bytes as JSON, the store keeps ${maxBytes} at most.`);
}

function written(value: unknown, what: string): string {
  let text: string | undefined;
  let cause: unknown;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    cause = error;
  }
  if (text !== undefined) return text;
  throw new ClusterError('invalid_request', `${what} cannot be written as JSON.`, { cause });
}
