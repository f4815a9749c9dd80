import type { FleetCall } from '@tutti/simulation';

/** A call of the fleet, in the words of a test. */
export function fleetCall(changes: Partial<FleetCall> = {}): FleetCall {
  const promptTokens = changes.promptTokens ?? 500;
  return {
    ...{ id: 'call-1', atMs: 0, tenant: 'north', model: 'llama3.1:8b', kind: 'generate', numCtx: undefined },
    ...{ promptTokens, outputTokens: 100, prefix: [{ hash: 7, tokens: promptTokens }] },
    ...changes,
  };
}
