import { ClusterError } from '@tutti/core';
import { redacted } from '@tutti/dialects/ollama';
import { Verb, type ModelService } from '@tutti/proto/tutti/agent/v1/model';
import type { Client } from '@tutti/rpc';
import type { Membership } from '../members/membership.ts';

/** The models of single nodes, each by the node's name. */
export interface NodeModels {
  /** The node's own lines about what it does. One that tells an error is thrown. */
  lines(node: string, verb: Verb, bodyJson: string, signal: AbortSignal): AsyncIterable<string>;
  /** Throws `no_healthy_node` if the node has gone. */
  client(node: string): Client<typeof ModelService>;
}

/** These move gigabytes, and end when the client leaves. */
const long: ReadonlySet<Verb> = new Set([Verb.PULL, Verb.PUSH, Verb.CREATE]);
const shortDeadlineMs = 60_000;

export function nodeModels(membership: Pick<Membership, 'models'>): NodeModels {
  const client = (node: string): Client<typeof ModelService> => {
    const found = membership.models(node);
    if (found) return found;
    throw new ClusterError('no_healthy_node', `Node "${node}" has just gone.`, { retryAfterMs: 1_000 });
  };
  return {
    client,
    async *lines(node, verb, bodyJson, signal) {
      const deadlineMs = long.has(verb) ? Infinity : shortDeadlineMs;
      for await (const { lines } of client(node).verb({ verb, bodyJson }, { signal, deadlineMs })) {
        for (const line of lines) {
          throwIfError(line);
          yield line;
        }
      }
    },
  };
}

/** Only what begins like an error is parsed: a description of a model may be megabytes. */
function throwIfError(line: string): void {
  if (!/^\s*\{\s*"error"/.test(line)) return;
  const { error } = JSON.parse(line) as { error?: unknown };
  throw new ClusterError('upstream_error', redacted(typeof error === 'string' ? error : 'the backend failed'));
}
