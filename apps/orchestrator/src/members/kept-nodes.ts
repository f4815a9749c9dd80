import { ClusterError, type Clock, type NodeRecord, type NodeRepository } from '@tutti/core';
import type { Log } from '@tutti/runtime/log';

/** What the store keeps of nodes, in memory: the store may be away, and is never waited for. */
export interface KeptNodes {
  /** As last read, with what is still to be written. */
  list(): NodeRecord[];
  /** In force at once. Resolves when it is written, or when the store turned out to be away: then it is written later. */
  put(record: NodeRecord): Promise<void>;
  /** As `put`. */
  remove(name: string): Promise<void>;
  close(): Promise<void>;
}

interface Options {
  /** Undefined: nothing outlives the process. */
  readonly repository: NodeRepository | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Something may have changed, here or by another orchestrator. */
  readonly onChange: () => void;
}

/** What other orchestrators write is seen so soon. */
const rereadMs = 30_000;
const retryMs = 5_000;

export function createKeptNodes({ repository, clock, log, onChange }: Options): KeptNodes {
  let read: readonly NodeRecord[] = [];
  /** By name; undefined: to be removed. */
  const unwritten = new Map<string, NodeRecord | undefined>();
  let away = false;
  let closed = false;
  let stopTimer = (): void => {};

  const list = (): NodeRecord[] => {
    const kept = read.filter(({ name }) => !unwritten.has(name));
    return [...kept, ...[...unwritten.values()].filter((record) => record !== undefined)];
  };

  const write = async (repository: NodeRepository): Promise<void> => {
    for (const [name, record] of unwritten) {
      await (record ? repository.put(record) : repository.remove(name));
      const others = read.filter((other) => other.name !== name);
      read = record ? [...others, record] : others;
      // It may have been changed again meanwhile.
      if (unwritten.get(name) === record) unwritten.delete(name);
    }
  };

  const sync = async (): Promise<void> => {
    if (!repository || closed) return;
    stopTimer();
    try {
      await write(repository);
      read = await repository.list();
      if (away) log.info('the nodes in the store can be read and written again');
      away = false;
    } catch (thrown) {
      const { reason, message } = ClusterError.from(thrown);
      if (!away) log.warn('the nodes in the store cannot be read or written; trying again', { reason, error: message });
      away = true;
    }
    if (closed) return;
    stopTimer = clock.after(away ? retryMs : rereadMs, () => void syncNext());
    onChange();
  };

  let last = Promise.resolve();
  const syncNext = (): Promise<void> => (last = last.then(sync));
  void syncNext();

  const change = (name: string, record: NodeRecord | undefined): Promise<void> => {
    unwritten.set(name, record);
    onChange();
    return syncNext();
  };

  return {
    list,
    put: (record) => change(record.name, record),
    remove: (name) => change(name, undefined),
    async close() {
      await last;
      closed = true;
      stopTimer();
    },
  };
}
