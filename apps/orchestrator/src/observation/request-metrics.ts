import { ClusterError, reasons } from '@tutti/core';
import {
  firstTokenSeconds,
  loadSeconds,
  perTokenSeconds,
  requestSeconds,
  waitSeconds,
  type Registry,
} from '@tutti/runtime/metrics';
import { writingMs } from './figures.ts';
import { durationMs, type RequestRecord } from './request-record.ts';

/** Counts requests. */
export interface RequestMetrics {
  /** Counts a request that is over: for a request book's `onEnd`. */
  count(record: RequestRecord): void;
  /** Puts a count of refusals around what lets requests in. */
  countRefusals<Args extends unknown[], Result>(enter: (...args: Args) => Result): (...args: Args) => Result;
}

const clientClosed = 'client_closed';

export function createRequestMetrics(registry: Registry, labelOf: (model: string) => string): RequestMetrics {
  const labels = ['model', 'node', 'surface'];
  const requests = registry.counter('tutti_requests_total', 'Requests that ended, by HTTP status.', [
    ...labels,
    'status',
  ]);
  const durations = registry.histogram(
    'tutti_request_duration_seconds',
    'From arrival to the end.',
    requestSeconds,
    labels,
  );
  const firstTokens = registry.histogram(
    'tutti_time_to_first_token_seconds',
    'From arrival to the first token; cold: the model was loaded for it.',
    firstTokenSeconds,
    ['model', 'cold'],
  );
  const perToken = registry.histogram('tutti_time_per_output_token_seconds', 'Writing a token.', perTokenSeconds, [
    'model',
  ]);
  const waits = registry.histogram('tutti_queue_wait_seconds', 'Waiting for a node.', waitSeconds);
  const loads = registry.histogram('tutti_model_load_seconds', 'Loading a model.', loadSeconds, ['model', 'node']);
  const tokens = registry.counter('tutti_tokens_total', 'Tokens that backends counted.', ['model', 'direction']);
  const retries = registry.counter('tutti_retries_total', 'Attempts after the first.');
  const refusals = registry.counter('tutti_refused_total', 'Requests that were not let in.', ['reason']);

  return {
    count(record) {
      const { node, firstTokenMs, loadMs, queueMs, promptTokens, outputTokens, attempts } = record;
      const model = labelOf(record.model);
      const where = { model, node, surface: surfaceOf(record) };
      requests.inc({ ...where, status: statusOf(record) });
      durations.observe(where, durationMs(record, record.arrivedAt) / 1_000);
      if (queueMs !== undefined) waits.observe(queueMs / 1_000);
      if (firstTokenMs !== undefined)
        firstTokens.observe({ model, cold: String(loadMs !== undefined) }, firstTokenMs / 1_000);
      if (loadMs !== undefined) loads.observe({ model, node }, loadMs / 1_000);
      if (promptTokens !== undefined) tokens.inc({ model, direction: 'input' }, promptTokens);
      if (outputTokens !== undefined) tokens.inc({ model, direction: 'output' }, outputTokens);
      const wroteMs = writingMs(record);
      if (outputTokens && wroteMs !== undefined) perToken.observe({ model }, wroteMs / outputTokens / 1_000);
      if (attempts > 1) retries.inc(attempts - 1);
    },
    countRefusals:
      (enter) =>
      (...args) => {
        try {
          return enter(...args);
        } catch (thrown) {
          refusals.inc({ reason: ClusterError.from(thrown).reason });
          throw thrown;
        }
      },
  };
}

function statusOf({ state, error }: RequestRecord): string {
  if (state === 'cancelled') return String(reasons[clientClosed].http);
  return error ? String(reasons[error].http) : '200';
}

function surfaceOf({ surface }: RequestRecord): string {
  return surface === 'ollama' || surface === 'openai' ? surface : 'other';
}
