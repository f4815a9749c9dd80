import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { watched, type Call, type ClusterError, type Generate, type Watcher } from '@tutti/core';
import type { Done, Progress } from '@tutti/proto/tutti/agent/v1/chunk';
import { names, operations } from './names.ts';
import { formatTraceparent, parseTraceparent } from './traceparent.ts';
import type { Side } from './tracing.ts';

interface Options {
  readonly tracer: Tracer;
  readonly side: Side;
  readonly provider: string;
}

/** A client may send megabytes as a name. */
const longestModelName = 256;

const kinds = { client: SpanKind.CLIENT, server: SpanKind.SERVER };

/** A span for each call, below that of whoever asks; what is called gets it as its parent. Nothing of what is said goes in. */
export function tracedCalls({ tracer, side, provider }: Options, next: Generate): Generate {
  return async function* (call, context) {
    const operation = operations[call.kind.case ?? 'chat'];
    const model = call.model.slice(0, longestModelName);
    const attributes = {
      [names.operation]: operation,
      [names.provider]: provider,
      [names.requestId]: context.requestId,
      [names.requestModel]: model,
      ...limits(call),
    };
    const parent = parentContext(context.traceparent);
    const span = tracer.startSpan(`${operation} ${model}`, { kind: kinds[side], attributes }, parent);
    const traceparent = formatTraceparent(span.spanContext());
    yield* watched(() => spanWatcher(span, model), next)(call, { ...context, traceparent });
  };
}

function parentContext(traceparent: string | undefined) {
  const parent = traceparent === undefined ? undefined : parseTraceparent(traceparent);
  return parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
}

function limits({ numPredict }: Call): Attributes {
  return numPredict !== undefined && numPredict > 0 ? { [names.maxTokens]: numPredict } : {};
}

function spanWatcher(span: Span, model: string): Watcher {
  const startedAt = performance.now();
  let first = true;
  return {
    see({ kind }) {
      if (kind.case === 'progress') noteProgress(span, kind.value, performance.now() - startedAt);
      if (kind.case === 'done') span.setAttributes(doneAttributes(kind.value, model));
      if (kind.case !== 'delta' || !first) return;
      first = false;
      span.setAttribute(names.timeToFirstChunk, (performance.now() - startedAt) / 1_000);
    },
    end(error) {
      if (error) noteError(span, error);
      span.end();
    },
  };
}

function noteProgress(span: Span, { kind }: Progress, elapsedMs: number): void {
  if (kind.case === 'dispatched') {
    const { node, reason, attempt } = kind.value;
    span.setAttributes({ [names.node]: node, [names.routeReason]: reason, [names.attempts]: attempt });
    span.addEvent('dispatched', { [names.node]: node, [names.queueMs]: elapsedMs });
  }
  if (kind.case === 'started') span.setAttribute(names.queueMs, kind.value.queueMs);
  if (kind.case === 'retrying') span.addEvent('retrying', { [names.errorType]: kind.value.reason });
}

function doneAttributes({ reason, usage }: Done, model: string): Attributes {
  return {
    [names.responseModel]: model,
    [names.finishReasons]: [reason],
    ...(usage?.promptTokens !== undefined && { [names.inputTokens]: usage.promptTokens }),
    ...(usage?.outputTokens !== undefined && { [names.outputTokens]: usage.outputTokens }),
  };
}

/** A client that leaves is told as such and counts as no failure. */
function noteError(span: Span, { reason, message }: ClusterError): void {
  span.setAttribute(names.errorType, reason);
  if (reason !== 'client_closed') span.setStatus({ code: SpanStatusCode.ERROR, message });
}
