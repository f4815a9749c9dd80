import type { Clock } from '@tutti/core';
import type { Progress } from '@tutti/proto/tutti/agent/v1/chunk';
import type { Extra } from '@tutti/dialects/ollama';

/** What is known of a call's way so far. */
export interface RouteFacts {
  note(progress: Progress): void;
  /** As response headers; what is not known yet is left out. */
  headers(): Record<string, string>;
  /** As fields of an answer's end, where nothing is unknown any more. */
  fields(): Extra;
}

export function createRouteFacts(clock: Clock, requestId: string, model: string): RouteFacts {
  const arrivedAt = clock.now();
  let node: string | undefined;
  let reason = '';
  let attempts = 0;
  let queueMs = 0;
  return {
    note({ kind }) {
      if (kind.case === 'dispatched') {
        node = kind.value.node;
        reason = kind.value.reason;
        attempts = kind.value.attempt;
        queueMs = clock.now() - arrivedAt;
      }
      if (kind.case === 'started') queueMs += kind.value.queueMs;
    },
    headers: () => ({
      'x-tutti-model': encodeURI(model.toWellFormed()),
      ...(node !== undefined && {
        'x-tutti-node': node,
        'x-tutti-route': reason,
        'x-tutti-queue-ms': queueMs.toFixed(1),
        'x-tutti-attempts': String(attempts),
      }),
    }),
    fields: () => ({ tutti: { requestId, node, route: reason, queueMs: Number(queueMs.toFixed(1)), attempts } }),
  };
}
