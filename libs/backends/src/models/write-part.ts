import { createWriteStream } from 'node:fs';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { SourceTask } from './source.ts';

/**
 * Writes a stream to the end of the part file; `from`: bytes of it to keep. Fails as soon as there is more than the
 * model has.
 */
export async function writePart(
  stream: Readable,
  from: number,
  { model, partPath, signal, onBytes }: SourceTask,
): Promise<void> {
  let receivedBytes = from;
  onBytes(receivedBytes);
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      receivedBytes += chunk.length;
      if (receivedBytes > model.sizeBytes) return next(new Error('it sent more bytes than the file has'));
      onBytes(receivedBytes);
      next(null, chunk);
    },
  });
  const file = createWriteStream(partPath, { flags: from > 0 ? 'a' : 'w', flush: true });
  await pipeline(stream, counted, file, { signal });
}
