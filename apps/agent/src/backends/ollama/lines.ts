import { ClusterError } from '@tutti/core';

/** Ollama's own clients give up at 8 MB a line. */
const longestLineBytes = 8 * 2 ** 20;

/**
 * The lines of an NDJSON body, without their ends; a last one without an end counts. Lines are cut as bytes and decoded
 * whole, so a character that is split over two reads survives. `bad_upstream` for a line over 8 MiB.
 */
export async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncIterable<string> {
  let pieces: Uint8Array[] = [];
  let pieceBytes = 0;
  for await (const bytes of body) {
    let from = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
      pieces.push(bytes.subarray(from, end));
      const line = textOf(pieces);
      pieces = [];
      pieceBytes = 0;
      from = end + 1;
      if (line !== '') yield line;
    }
    pieces.push(bytes.subarray(from));
    pieceBytes += bytes.length - from;
    if (pieceBytes > longestLineBytes) {
      throw new ClusterError('bad_upstream', `The backend sent a line of more than ${longestLineBytes} bytes.`);
    }
  }
  const rest = textOf(pieces);
  if (rest !== '') yield rest;
}

function textOf(pieces: readonly Uint8Array[]): string {
  const bytes =
    pieces.length === 1
      ? Buffer.from(pieces[0]!.buffer, pieces[0]!.byteOffset, pieces[0]!.length)
      : Buffer.concat(pieces);
  return bytes.toString('utf8').trim();
}
