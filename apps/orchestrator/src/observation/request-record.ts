import type { Call, Chunk, ClusterError, Clock, Context, Reason, Watcher } from '@tutti/core';
import type { Done, Progress } from '@tutti/proto/tutti/agent/v1/chunk';
import { redacted } from '@tutti/runtime/log';
import { shortestLoadMs } from '@tutti/runtime/metrics';

/** What is kept of a request: never its text. Times are on the monotonic clock, in milliseconds. */
export type RequestRecord = Readonly<Entry>;

interface Entry {
  readonly id: string;
  readonly model: string;
  readonly kind: 'chat' | 'completion' | 'embed';
  /** Dialect that the client speaks. */
  readonly surface: string;
  /** Id of the key that asked. */
  readonly principal: string;
  readonly arrivedAt: number;
  /** The same in milliseconds since 1970. */
  readonly arrivedWallTime: number;
  /** "cancelled": the client left, which is no error. */
  state: 'queued' | 'running' | 'ok' | 'error' | 'cancelled';
  /** Node that runs it or ran it last; "": none yet. */
  node: string;
  /** Why that node. */
  route: string;
  attempts: number;
  /** Time without a node, over all attempts; undefined while the first one is awaited. */
  queueMs: number | undefined;
  /** From arrival to the first delta; embeddings have none. */
  firstTokenMs: number | undefined;
  /** How long the backend loaded the model; undefined if it was loaded. */
  loadMs: number | undefined;
  /** How long the backend wrote, by its own count. */
  outputMs: number | undefined;
  promptTokens: number | undefined;
  /** Of those, the ones in the backend's cache. */
  cachedTokens: number | undefined;
  outputTokens: number | undefined;
  endedAt: number | undefined;
  error: Reason | undefined;
}

/** A client may send megabytes as a name. */
const longestModelName = 256;

interface Tracking {
  readonly record: RequestRecord;
  readonly watcher: Watcher;
}

/** A record that follows its request; `onEnd` is called once it changes no more. */
export function trackRequest(call: Call, context: Context, clock: Clock, onEnd: () => void): Tracking {
  const record = newRecord(call, context, clock);
  let waitsSince = record.arrivedAt;

  const noteProgress = ({ kind }: Progress): void => {
    if (kind.case === 'retrying') {
      record.state = 'queued';
      waitsSince = clock.now();
    }
    if (kind.case !== 'dispatched') return;
    const now = clock.now();
    record.state = 'running';
    record.node = kind.value.node;
    record.route = kind.value.reason;
    record.attempts = kind.value.attempt;
    record.queueMs = (record.queueMs ?? 0) + now - waitsSince;
    // A second choice without a failure in between: the first node had no slot, so the request went on waiting.
    waitsSince = now;
  };

  return {
    record,
    watcher: {
      see({ kind }: Chunk) {
        if (kind.case === 'progress') noteProgress(kind.value);
        if (kind.case === 'delta' && record.kind !== 'embed') record.firstTokenMs ??= clock.now() - record.arrivedAt;
        if (kind.case === 'done') noteDone(record, kind.value);
      },
      end(error?: ClusterError) {
        record.endedAt = clock.now();
        record.state = stateAfter(error);
        if (record.state === 'error') record.error = error?.reason;
        onEnd();
      },
    },
  };
}

/** From arrival to the end, or to now. */
export function durationMs({ arrivedAt, endedAt }: RequestRecord, now: number): number {
  return (endedAt ?? now) - arrivedAt;
}

function newRecord({ model, kind, dialect }: Call, { requestId, principal }: Context, clock: Clock): Entry {
  return {
    id: requestId,
    // Somebody has a key in the wrong field.
    model: model.length > longestModelName ? '(too long)' : redacted(model),
    kind: kind.case ?? 'chat',
    surface: dialect,
    principal: principal.id,
    arrivedAt: clock.now(),
    arrivedWallTime: clock.wallTime(),
    state: 'queued',
    node: '',
    route: '',
    attempts: 0,
    queueMs: undefined,
    firstTokenMs: undefined,
    loadMs: undefined,
    outputMs: undefined,
    promptTokens: undefined,
    cachedTokens: undefined,
    outputTokens: undefined,
    endedAt: undefined,
    error: undefined,
  };
}

function noteDone(record: Entry, { usage, timings }: Done): void {
  record.promptTokens = usage?.promptTokens;
  record.cachedTokens = usage?.cachedTokens;
  record.outputTokens = usage?.outputTokens;
  record.outputMs = timings?.outputMs;
  const loadMs = timings?.loadMs ?? 0;
  if (loadMs >= shortestLoadMs) record.loadMs = loadMs;
}

function stateAfter(error: ClusterError | undefined): 'ok' | 'error' | 'cancelled' {
  if (!error) return 'ok';
  return error.reason === 'client_closed' ? 'cancelled' : 'error';
}
