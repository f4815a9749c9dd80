import type { Chunk, ClusterError } from '@tutti/core';

/** Chunks on their way from whoever makes them, when it likes, to whoever reads them. */
export interface ChunkPipe extends AsyncIterable<Chunk> {
  push(chunk: Chunk): void;
  /** No more come. What was pushed before is still read. */
  end(error?: ClusterError): void;
}

export function createChunkPipe(): ChunkPipe {
  let chunks: Chunk[] = [];
  let over = false;
  let failure: ClusterError | undefined;
  let wake = (): void => {};
  return {
    push(chunk) {
      chunks.push(chunk);
      wake();
    },
    end(error) {
      over = true;
      failure = error;
      wake();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const ready = chunks;
        chunks = [];
        yield* ready;
        if (chunks.length > 0) continue;
        if (failure) throw failure;
        if (over) return;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}
