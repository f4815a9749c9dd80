import { ClusterError, createMemoryRuns, type RunFilter, type RunRecord, type RunRepository } from '@tutti/core';
import type { RunEntry } from '@tutti/core/patterns';

export interface RunPage {
  readonly runs: readonly RunRecord[];
  /** For the page after; undefined: there is none. */
  readonly next: string | undefined;
}

/** Runs that the store keeps, and those that only this process has. */
export interface RunArchive {
  repositoryOf(durable: boolean): RunRepository;
  /** The run of that id, and where it is kept. */
  find(id: string): Promise<{ readonly head: RunRecord; readonly repository: RunRepository } | undefined>;
  /** Newest first. */
  list(filter: RunFilter, page: { readonly limit: number; readonly token?: string }): Promise<RunPage>;
  readAll(repository: RunRepository, id: string): Promise<RunEntry[]>;
  /** Forgets runs of the store that ended long ago. */
  removeOld(now: number): Promise<void>;
  /** Forgets runs that only this process has and that ended a while ago. */
  removeOldUndurable(now: number): Promise<void>;
}

const dayMs = 24 * 60 * 60_000;
const keptMs = 30 * dayMs;
/** In memory. */
const undurableKeptMs = 60 * 60_000;
/** In memory: about a dozen of the largest journals, and little beside what the process takes anyway. */
const undurableBytes = 64 * 2 ** 20;
const batch = 500;

export function createRunArchive(stored: RunRepository): RunArchive {
  const memory = createMemoryRuns({ maxBytes: undurableBytes });
  return {
    repositoryOf: (durable) => (durable ? stored : memory),
    async find(id) {
      for (const repository of [memory, stored]) {
        const head = await repository.find(id);
        if (head) return { head, repository };
      }
      return undefined;
    },
    async list(filter, { limit, token }) {
      const [beforeStored, beforeMemory] = readToken(token);
      const more = limit + 1;
      const [fromStored, fromMemory] = await Promise.all([
        stored.list(filter, { limit: more, ...(beforeStored && { before: beforeStored }) }),
        memory.list(filter, { limit: more, ...(beforeMemory && { before: beforeMemory }) }),
      ]);
      const all = [...fromStored, ...fromMemory].toSorted((a, b) => b.createdAt - a.createdAt);
      const runs = all.slice(0, limit);
      const lastOf = (source: readonly RunRecord[], before: string): string =>
        source.findLast((run) => runs.includes(run))?.id ?? before;
      const next = `${lastOf(fromStored, beforeStored)}.${lastOf(fromMemory, beforeMemory)}`;
      return { runs, next: all.length > limit ? next : undefined };
    },
    async readAll(repository, id) {
      const entries: RunEntry[] = [];
      for (;;) {
        const more = (await repository.read(id, entries.length, batch)) as RunEntry[];
        entries.push(...more);
        if (more.length < batch) return entries;
      }
    },
    async removeOld(now) {
      await stored.removeEnded(now - keptMs);
    },
    async removeOldUndurable(now) {
      await memory.removeEnded(now - undurableKeptMs);
    },
  };
}

/** The last run of the page before, of each of the two. */
function readToken(token = '.'): readonly [string, string] {
  const [, stored, memory] = /^([a-zA-Z0-9-]*)\.([a-zA-Z0-9-]*)$/.exec(token) ?? [];
  if (stored !== undefined && memory !== undefined) return [stored, memory];
  throw new ClusterError('invalid_request', 'pageToken is none that a page has given.', { param: 'pageToken' });
}
