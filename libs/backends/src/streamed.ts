import { ClusterError, oneByOne, throwIfAborted, type Chunk, type Stream } from '@tutti/core';
import { upstreamError, type Body } from './http.ts';
import { linesOf } from './lines.ts';

/** Makes chunks of an answer's lines. */
interface LineParser {
  /** Throws what an error in the line says, or `bad_upstream`. */
  line(text: string): Chunk[];
  /** What is left when the lines have ended without a done. Absent: then the answer was not complete. */
  end?(): Chunk[];
}

/** The chunks of a body, the last of which is the done. Whoever stops reading closes the connection. */
export function streamed(body: Body, parser: LineParser, signal: AbortSignal): Stream<Chunk> {
  return oneByOne(batches(body, parser, signal));
}

/** The chunks of what each read brought. */
async function* batches(body: Body, parser: LineParser, signal: AbortSignal): AsyncGenerator<Iterable<Chunk>> {
  let finished = false;
  const chunksOf = function* (lines: readonly string[]): Generator<Chunk> {
    for (const line of lines) {
      // What comes after the end is read, so that the socket can be used again, and is passed over.
      if (finished) return;
      for (const chunk of parser.line(line)) {
        throwIfAborted(signal);
        finished ||= chunk.kind.case === 'done';
        yield chunk;
      }
    }
  };
  try {
    for await (const lines of linesOf(body)) yield chunksOf(lines);
  } catch (thrown) {
    if (!finished) throw upstreamError(thrown, signal);
  } finally {
    // An unread body would keep its socket.
    if (!body.readableEnded) body.destroy();
  }
  if (!finished) yield (parser.end ?? incomplete)();
}

function incomplete(): never {
  throw new ClusterError('bad_upstream', 'The backend ended its answer before it was complete.');
}
