import { ClusterError } from '@tutti/core';

/** Ollama's own clients give up at 8 MB a line. */
const longestLineBytes = 8 * 2 ** 20;

/**
 * The lines of an NDJSON body, without their ends, as many at a time as one read brought; a last one without an end
 * counts, empty ones do not. A carriage return stays: JSON takes it for space. Bytes are decoded up to a line's end, so a character that is split over two reads survives.
 * `bad_upstream` for a line over 8 MiB.
 */
export async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncIterable<string[]> {
  let rest: Uint8Array[] = [];
  let restBytes = 0;
  for await (const bytes of body) {
    const end = bytes.lastIndexOf(newline);
    if (end >= 0) {
      rest.push(bytes.subarray(0, end));
      yield cut(rest);
      rest = [];
      restBytes = 0;
    }
    rest.push(bytes.subarray(end + 1));
    restBytes += bytes.length - end - 1;
    if (restBytes > longestLineBytes) {
      throw new ClusterError('bad_upstream', `The backend sent a line of more than ${longestLineBytes} bytes.`);
    }
  }
  yield cut(rest);
}

const newline = 10;

function cut(pieces: readonly Uint8Array[]): string[] {
  const bytes =
    pieces.length === 1
      ? Buffer.from(pieces[0]!.buffer, pieces[0]!.byteOffset, pieces[0]!.length)
      : Buffer.concat(pieces);
  return bytes
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '' && line !== '\r');
}
