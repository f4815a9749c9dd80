import type { Chunk } from '../generate.ts';
import type { Stream } from './stream.ts';

/**
 * Yields what comes before an answer, and the first chunk of that; true: the rest is still in `chunks`. False: they have
 * ended without an answer, or `see` wants no more of them.
 */
export async function* beginning(
  chunks: Stream<Chunk>,
  see: (chunk: Chunk) => boolean | void,
): AsyncGenerator<Chunk, boolean> {
  let isOurs = true;
  try {
    for (;;) {
      const next = await chunks.next();
      if (next.done || see(next.value) === false) return false;
      yield next.value;
      if (next.value.kind.case === 'progress') continue;
      isOurs = false;
      return true;
    }
  } finally {
    if (isOurs) await chunks.return?.();
  }
}
