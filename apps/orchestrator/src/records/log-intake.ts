import { ClusterError, isLogLevel, type Clock, type NewLogRecord } from '@tutti/core';
import type { LogEntry, RegistryService } from '@tutti/proto/tutti/agent/v1/registry';
import type { HandlerContext, Implementation } from '@tutti/rpc';
import { plainFields, plainMessage } from '@tutti/runtime/log';

const mostEntries = 1_000;
const longestRequestId = 128;
const longestFields = 64 * 1024;

/** An agent's clock may be wrong; a line from a far future would outlive all others. */
const furthestAheadMs = 24 * 3_600_000;

interface Options {
  /** Takes each line; never blocks. */
  readonly write: (line: NewLogRecord) => void;
  /** Name of the node of that id; undefined if it is not registered. */
  readonly nodeName: (nodeId: string) => string | undefined;
  readonly clock: Clock;
}

/** Takes in the log of agents that have no store of their own. */
export function createLogIntake({ write, nodeName, clock }: Options) {
  return {
    async pushLogs({ entries }, context) {
      const node = nodeName(senderOf(context));
      if (node === undefined) {
        throw new ClusterError('unknown_node', 'The node that sends log lines is not registered here; register first.');
      }
      if (entries.length > mostEntries) {
        const message = `A push holds at most ${mostEntries} entries, got ${entries.length}.`;
        throw new ClusterError('invalid_request', message, { param: 'entries' });
      }
      for (const line of entries.map((entry) => recordOf(entry, node, clock.wallTime()))) write(line);
      return {};
    },
  } satisfies Pick<Implementation<typeof RegistryService>, 'pushLogs'>;
}

/** Whoever has a certificate is who it says. On a port without certificates there is the agent's word only. */
function senderOf({ identity, metadata }: HandlerContext): string {
  return identity ? identity.id : (metadata.get('tutti-node-id') ?? '');
}

function recordOf(
  { timeMs, level, requestId, message, fieldsJson }: LogEntry,
  node: string,
  now: number,
): NewLogRecord {
  if (!isLogLevel(level)) {
    throw new ClusterError(
      'invalid_request',
      `level must be error, warn, info or debug, got "${level.slice(0, 20)}".`,
      {
        param: 'level',
      },
    );
  }
  return {
    time: Number.isFinite(timeMs) ? Math.min(Math.max(0, Math.trunc(timeMs)), now + furthestAheadMs) : now,
    level,
    service: 'agent',
    node,
    requestId: requestId.slice(0, longestRequestId),
    message: plainMessage(message),
    fields: fieldsOf(fieldsJson),
  };
}

function fieldsOf(json: string): Record<string, unknown> {
  if (json === '') return {};
  if (json.length > longestFields) return { fields: `left out: ${json.length} characters` };
  try {
    const value: unknown = JSON.parse(json);
    return plainFields(typeof value === 'object' && value !== null ? value : { fields: value });
  } catch {
    return plainFields({ fields: json });
  }
}
