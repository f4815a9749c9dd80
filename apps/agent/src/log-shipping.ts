import { ClusterError, type NewLogRecord } from '@tutti/core';
import type { RegistryService } from '@tutti/proto/tutti/agent/v1/registry';
import type { Client } from '@tutti/rpc';

type Entry = ReturnType<typeof entryOf>;

/** Of one push, by the length of its texts: well below a megabyte even if no letter is ASCII. */
const longestPush = 256 * 1024;

interface Options {
  /** Orchestrators, the preferred one first. */
  readonly registries: readonly Pick<Client<typeof RegistryService>, 'pushLogs'>[];
  /** Says who pushes, to an orchestrator that asks for no certificate. */
  readonly nodeId: string;
}

/**
 * Hands lines to the first orchestrator that takes them. Rejects with `storage_unavailable` if none does; lines that an
 * orchestrator has taken by then arrive twice when they are sent again.
 */
export function createLogShipping({ registries, nodeId }: Options): (lines: readonly NewLogRecord[]) => Promise<void> {
  let preferred = 0;

  const push = async (entries: Entry[]): Promise<void> => {
    let cause: unknown;
    for (let i = 0; i < registries.length; i++) {
      const index = (preferred + i) % registries.length;
      try {
        await registries[index]!.pushLogs({ entries }, { metadata: { 'tutti-node-id': nodeId } });
        preferred = index;
        return;
      } catch (thrown) {
        const error = ClusterError.from(thrown);
        if (error.reason === 'invalid_request') throw error;
        cause = error;
      }
    }
    throw new ClusterError('storage_unavailable', 'No orchestrator takes the log of this agent.', { cause });
  };

  return async (lines) => {
    for (const entries of pushes(lines.map(entryOf))) await push(entries);
  };
}

function entryOf({ time, level, requestId, message, fields }: NewLogRecord) {
  return { timeMs: time, level, requestId, message, fieldsJson: JSON.stringify(fields) };
}

/** As many entries at a time as a push may hold. */
function* pushes(entries: readonly Entry[]): Generator<Entry[]> {
  let next: Entry[] = [];
  let length = 0;
  for (const entry of entries) {
    const entryLength = entry.message.length + entry.fieldsJson.length;
    if (next.length > 0 && length + entryLength > longestPush) {
      yield next;
      next = [];
      length = 0;
    }
    next.push(entry);
    length += entryLength;
  }
  if (next.length > 0) yield next;
}
