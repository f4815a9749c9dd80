import type { Clock } from '@tutti/core';
import type { CatalogueModel } from './catalogue.ts';

/** One attempt to get a file from one source. */
export interface SourceTask {
  readonly model: CatalogueModel;
  /** The file to write. */
  readonly partPath: string;
  /** Good bytes that it has from an earlier attempt; a source that cannot go on from there writes it anew. */
  readonly partBytes: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told how many bytes the file has. */
  readonly onBytes: (receivedBytes: number) => void;
}
