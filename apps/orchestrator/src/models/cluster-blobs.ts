import { ClusterError } from '@tutti/core';
import type { NodeView } from '@tutti/core/cluster';
import type { NodeModels } from './node-models.ts';
import { tee } from './tee.ts';

/** The files that models are made of, on all nodes. Who has one is asked, not remembered: its node may have dropped it. */
export interface ClusterBlobs {
  /** Names of the ready nodes that have a blob. One that does not answer in time has none. */
  holders(digest: string, signal: AbortSignal): Promise<string[]>;
  /** Gives a blob to nodes, as fast as the slowest takes it; true if all had it. */
  put(
    digest: string,
    pieces: AsyncIterable<Uint8Array>,
    nodes: readonly string[],
    signal: AbortSignal,
  ): Promise<boolean>;
  /** Copies to a node those blobs that it has not and another one has; yields lines of progress. */
  bring(digests: readonly string[], node: string, signal: AbortSignal): AsyncIterable<string>;
}

interface Options {
  readonly nodes: () => readonly NodeView[];
  readonly models: NodeModels;
}

/** A node that is asleep must not delay the others. */
const askMs = 5_000;

export function clusterBlobs({ nodes, models }: Options): ClusterBlobs {
  const has = async (node: string, digest: string, signal: AbortSignal): Promise<boolean> => {
    const { exists } = await models.client(node).hasBlob({ digest }, { signal, deadlineMs: askMs });
    return exists;
  };

  const holders: ClusterBlobs['holders'] = async (digest, signal) => {
    const asked = nodes().filter(({ ready, state }) => ready && state.backend?.kind === 'ollama');
    const answers = await Promise.all(asked.map(({ name }) => has(name, digest, signal).catch(() => false)));
    return asked.filter((_, index) => answers[index]).map(({ name }) => name);
  };

  const putOn = async (node: string, digest: string, pieces: AsyncIterable<Uint8Array>, signal: AbortSignal) => {
    const { existed } = await models.client(node).putBlob(requestsOf(digest, pieces), { signal, deadlineMs: Infinity });
    return existed;
  };

  const copy = async (digest: string, from: string, to: string, signal: AbortSignal): Promise<number> => {
    let bytes = 0;
    const pieces = async function* (): AsyncIterable<Uint8Array> {
      for await (const { data } of models.client(from).getBlob({ digest }, { signal, deadlineMs: Infinity })) {
        bytes += data.length;
        yield data;
      }
    };
    await putOn(to, digest, pieces(), signal);
    return bytes;
  };

  return {
    holders,
    async put(digest, pieces, targets, signal) {
      const sources = targets.length === 1 ? [pieces] : tee(pieces, targets.length);
      const existed = await Promise.all(targets.map((node, index) => putOn(node, digest, sources[index]!, signal)));
      return existed.every(Boolean);
    },
    async *bring(digests, node, signal) {
      for (const digest of digests) {
        const sources = await holders(digest, signal);
        if (sources.includes(node)) continue;
        let failure: ClusterError | undefined;
        for (const source of sources) {
          const status = `copying ${digest.slice(7, 19)} from ${source}`;
          yield JSON.stringify({ status, digest });
          try {
            const total = await copy(digest, source, node, signal);
            yield JSON.stringify({ status, digest, total, completed: total });
            failure = undefined;
            break;
          } catch (thrown) {
            failure = ClusterError.from(thrown);
            if (signal.aborted) throw failure;
          }
        }
        if (failure) throw notCopied(digest, node, failure);
      }
    },
  };
}

async function* requestsOf(digest: string, pieces: AsyncIterable<Uint8Array>) {
  yield { digest };
  for await (const data of pieces) yield { data };
}

function notCopied(digest: string, node: string, cause: ClusterError): ClusterError {
  const { reason, message } = cause;
  return new ClusterError(reason, `Blob ${digest} is not on node "${node}" and was not copied there: ${message}`, {
    cause,
  });
}
