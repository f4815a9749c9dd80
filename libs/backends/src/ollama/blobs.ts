import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ClusterError, throwIfAborted } from '@tutti/core';
import type { Blobs } from '../backend.ts';
import type { Http } from '../http.ts';

/** Where an Ollama keeps its models that was told nothing. */
export const usualModelsFolder = join(homedir(), '.ollama', 'models');

const pieceBytes = 256 * 1024;

/** The blobs of an Ollama. It gives none back, so they are read from `folder`; undefined: it is out of reach. */
export function ollamaBlobs(http: Http, folder: string | undefined): Blobs {
  return {
    has: (digest, signal) => http.has(`/api/blobs/${digest}`, signal),
    async put(digest, pieces, signal) {
      const body = Readable.from(pieces, { objectMode: false });
      const response = await http.send('POST', `/api/blobs/${digest}`, { body, signal });
      await response.dump();
    },
    get(digest, signal) {
      if (folder !== undefined) return readBlob(folder, digest, signal);
      const fix = 'share its models folder with the agent, and name it in OLLAMA_MODELS.';
      throw new ClusterError('not_implemented', `The files of an Ollama on another machine cannot be read: ${fix}`);
    },
  };
}

async function* readBlob(folder: string, digest: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
  const file = createReadStream(join(folder, 'blobs', digest.replace(':', '-')), { highWaterMark: pieceBytes });
  const hash = createHash('sha256');
  try {
    for await (const piece of file as AsyncIterable<Buffer>) {
      throwIfAborted(signal);
      hash.update(piece);
      yield piece;
    }
  } catch (thrown) {
    throwIfAborted(signal);
    throw unreadable(thrown, digest);
  }
  if (`sha256:${hash.digest('hex')}` !== digest) {
    throw new ClusterError('bad_upstream', `Blob ${digest} is damaged on this node's disk.`);
  }
}

function unreadable(cause: unknown, digest: string): ClusterError {
  const { code } = cause as NodeJS.ErrnoException;
  const why = code === 'ENOENT' ? 'is not there' : 'cannot be read';
  return new ClusterError(
    'not_implemented',
    `Blob ${digest} ${why} in the models folder that this agent knows; set OLLAMA_MODELS for the agent as for Ollama.`,
    { cause },
  );
}
