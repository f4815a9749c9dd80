import { backends, type Backend, type ServerSettings } from '@tutti/backends';
import type { Clock, NodeRecord } from '@tutti/core';

/** The model server of a node without an agent. */
export interface ModelServer {
  /** Two with the same are reached in the same way. It may hold a key: for comparing only. */
  readonly identity: string;
  open(): Promise<Backend>;
}

/** Undefined: the record has none, or it is not known here how to reach it. */
export function modelServer(
  { name, kind, host, port }: NodeRecord,
  settings: ServerSettings | undefined,
  clock: Clock,
): ModelServer | undefined {
  if (kind === 'agent') return undefined;
  if (kind === 'ollama') {
    const llamaBaseUrl = ollamaUrl(host, port);
    return { identity: llamaBaseUrl, open: () => backends.ollama({ llamaBaseUrl, modelName: name, clock }) };
  }
  if (!settings) return undefined;
  return {
    identity: JSON.stringify([kind, settings]),
    open: () => backends[kind]({ [kind]: settings, modelName: name, clock }),
  };
}

function ollamaUrl(host = '', port = 11_434): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
