import { canonicalModel, Privacy, type Clock, type Context } from '@tutti/core';
import type { CacheOutcome } from '@tutti/core/cluster';
import type { Progress, Queued } from '@tutti/proto/tutti/agent/v1/chunk';
import type { Extra } from '@tutti/dialects/ollama';

/** What is known of a call's way so far. */
export interface RouteFacts {
  note(progress: Progress): void;
  noteCache(outcome: CacheOutcome): void;
  /** The model that answers: the one that was asked for, unless the caller's fallback took its place. */
  readonly model: string;
  /** Its place in the queue; undefined: it has left it. */
  readonly queued: Queued | undefined;
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

/** Characters in a header: clients refuse answers whose headers are large. */
const longestName = 200;
const longestReason = 500;

/** `meant`: the model that the name `asked` stands for, if that is an alias. */
export function createRouteFacts(
  clock: Clock,
  { requestId, privacy }: Context,
  asked: string,
  meant = asked,
): RouteFacts {
  const arrivedAt = clock.now();
  let model = asked;
  let node: string | undefined;
  let reason = '';
  let parameters = '';
  let attempts = 0;
  let queueMs = 0;
  let queued: Queued | undefined;
  /** What never gets to the cache, such as a pattern, passes it by. */
  let cache: CacheOutcome = 'bypass';
  return {
    noteCache: (outcome) => void (cache = outcome),
    note({ kind }) {
      if (kind.case === 'queued') queued = kind.value;
      if (kind.case === 'dispatched') {
        queued = undefined;
        node = kind.value.node;
        const { model: chosen } = kind.value;
        model = chosen === '' || chosen === canonicalModel(meant) ? asked : chosen;
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
    get queued() {
      return queued;
    },
    headers: () => ({
      'x-tutti-model': encodeURI((model === asked ? meant : model).slice(0, longestName).toWellFormed()),
      'x-tutti-privacy': privacyNames[privacy] ?? 'cluster',
      'x-tutti-cache': cache,
      ...(node !== undefined && {
        'x-tutti-node': node,
        // It may name models, in any script.
        'x-tutti-route': reason.slice(0, longestReason).replaceAll(/[^ -~]/g, '?'),
        'x-tutti-queue-ms': queueMs.toFixed(1),
        'x-tutti-attempts': String(attempts),
        ...(parameters && { 'x-tutti-parameters': parameters }),
        ...(model !== asked && { 'x-tutti-fallback': 'true' }),
      }),
    }),
    fields: () => ({
      tutti: {
        ...{ requestId, node, route: reason, queueMs: Number(queueMs.toFixed(1)), attempts, cache },
        ...(parameters && { parameters }),
      },
    }),
  };
}
