import { canonicalModel, Privacy, type Clock, type Context } from '@tutti/core';
import type { Progress } from '@tutti/proto/tutti/agent/v1/chunk';
import type { Extra } from '@tutti/dialects/ollama';

/** What is known of a call's way so far. */
export interface RouteFacts {
  note(progress: Progress): void;
  /** The model that answers: the one that was asked for, unless the caller's fallback took its place. */
  readonly model: string;
  /** As response headers; what is not known yet is left out. */
  headers(): Record<string, string>;
  /** As fields of an answer's end, where nothing is unknown any more. */
  fields(): Extra;
}

/** As clients write it; everything else is "cluster". */
const privacyNames: Readonly<Partial<Record<Privacy, string>>> = {
  [Privacy.LOCAL]: 'local',
  [Privacy.ANY]: 'any',
};

export function createRouteFacts(clock: Clock, { requestId, privacy }: Context, asked: string): RouteFacts {
  const arrivedAt = clock.now();
  let model = asked;
  let node: string | undefined;
  let reason = '';
  let parameters = '';
  let attempts = 0;
  let queueMs = 0;
  return {
    note({ kind }) {
      if (kind.case === 'dispatched') {
        node = kind.value.node;
        const { model: meant } = kind.value;
        model = meant === '' || meant === canonicalModel(asked) ? asked : meant;
        reason = kind.value.reason;
        parameters = kind.value.parameters;
        attempts = kind.value.attempt;
        queueMs = clock.now() - arrivedAt;
      }
      if (kind.case === 'started') queueMs += kind.value.queueMs;
    },
    get model() {
      return model;
    },
    headers: () => ({
      'x-tutti-model': encodeURI(model.toWellFormed()),
      'x-tutti-privacy': privacyNames[privacy] ?? 'cluster',
      ...(node !== undefined && {
        'x-tutti-node': node,
        // It may name models, in any script.
        'x-tutti-route': reason.replaceAll(/[^ -~]/g, '?'),
        'x-tutti-queue-ms': queueMs.toFixed(1),
        'x-tutti-attempts': String(attempts),
        ...(parameters && { 'x-tutti-parameters': parameters }),
        ...(model !== asked && { 'x-tutti-fallback': 'true' }),
      }),
    }),
    fields: () => ({
      tutti: {
        ...{ requestId, node, route: reason, queueMs: Number(queueMs.toFixed(1)), attempts },
        ...(parameters && { parameters }),
      },
    }),
  };
}
