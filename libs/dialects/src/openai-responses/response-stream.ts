import type { ClusterError } from '@tutti/core';
import type { ToolCall } from '@tutti/proto/tutti/agent/v1/call';
import type { Delta, Done } from '@tutti/proto/tutti/agent/v1/chunk';
import type { Extra } from '../answer.ts';
import { errorFields } from '../openai/errors.ts';
import { tokenLogprob } from '../openai/answer-text.ts';
import { outputItemId } from './ids.ts';
import { functionCallEvents } from './function-call-events.ts';
import { openMessage, openReasoning, type OpenItem, type WriteEvent } from './open-items.ts';
import type { ItemStatus } from './output-items.ts';
import { responseText, type ResponseFacts, type ResponseState } from './response-text.ts';

/** Writes one response as server-sent events. Each text is whole events, ready to send. */
export interface ResponseStream {
  /** The events that open it: once, before all others. */
  start(stored: boolean): string;
  /** The events for a piece of the answer. */
  delta(delta: Delta): string;
  /** The events that end its items. */
  finish(done: Done): string;
  /** The items that have ended, each as JSON text. */
  readonly output: readonly string[];
  /** The whole response as one object, after `finish`. */
  whole(done: Done, end: ResponseEnd): string;
  /** The last event; `whole` is the response in it. */
  end(done: Done, whole: string): string;
  /** The events that end a response that cannot go on. */
  failed(error: ClusterError): string;
}

interface ResponseEnd {
  readonly stored: boolean;
  /** Seconds since 1970. */
  readonly completedAt: number;
  /** Fields that stand after OpenAI's own. */
  readonly extra?: Extra;
}

export function responseStream(facts: ResponseFacts): ResponseStream {
  const { summary, sealed } = facts.shape;
  const output: string[] = [];
  let sequence = 0;
  let open: OpenItem | undefined;

  const event: WriteEvent = (type, members) =>
    `event: ${type}\ndata: {"type":"${type}","sequence_number":${sequence++},${members}}\n\n`;
  const responseEvent = (type: string, state: ResponseState): string =>
    event(type, `"response":${responseText(facts, state)}`);

  const close = (status: ItemStatus): string => {
    const closed = open?.close(status);
    open = undefined;
    if (!closed) return '';
    output.push(closed.item);
    return closed.events;
  };

  /** The events that make `kind` the item that is written. */
  const opened = (kind: OpenItem['kind']): string => {
    if (open?.kind === kind) return '';
    const before = close('completed');
    const place = { id: outputItemId(kind, facts.id, output.length), index: output.length };
    open = kind === 'message' ? openMessage(event, place) : openReasoning(event, place, { summary, sealed });
    return before + open.start();
  };

  const write = (kind: OpenItem['kind'], text: string, logprobs: readonly string[] = []): string => {
    const start = opened(kind);
    return start + (open?.add(text, logprobs) ?? '');
  };

  const functionCall = (call: ToolCall): string => {
    const before = close('completed');
    const place = { id: outputItemId('function_call', facts.id, output.length), index: output.length };
    const { item, events } = functionCallEvents(event, place, {
      ...call,
      id: call.id === '' ? facts.toolCallId() : call.id,
    });
    output.push(item);
    return before + events;
  };

  return {
    output,
    start(stored) {
      const state: ResponseState = { status: 'in_progress', output: [], stored };
      return responseEvent('response.created', state) + responseEvent('response.in_progress', state);
    },
    delta({ thinking, text, logprobs, toolCalls }) {
      let events = thinking === '' ? '' : write('reasoning', thinking);
      if (text !== '' || logprobs.length > 0) {
        events += write(
          'message',
          text,
          logprobs.map((one) => JSON.stringify(tokenLogprob(one))),
        );
      }
      for (const call of toolCalls) events += functionCall(call);
      return events;
    },
    finish(done) {
      // A client finds a message in every answer that asks for nothing.
      const empty = output.length === 0 && !open ? opened('message') : '';
      return empty + close(isCutOff(done) ? 'incomplete' : 'completed');
    },
    whole(done, { stored, completedAt, extra }) {
      if (isCutOff(done))
        return responseText(facts, { status: 'incomplete', output, stored, done, ...(extra && { extra }) });
      return responseText(facts, { status: 'completed', output, stored, completedAt, done, ...(extra && { extra }) });
    },
    end: (done, whole) => event(isCutOff(done) ? 'response.incomplete' : 'response.completed', `"response":${whole}`),
    failed(error) {
      const { message, code, param } = errorFields(error);
      if (sequence === 0) return event('error', JSON.stringify({ code, message, param }).slice(1, -1));
      const events = close('incomplete');
      const told = { code: code ?? 'server_error', message };
      return events + responseEvent('response.failed', { status: 'failed', output, stored: false, error: told });
    },
  };
}

function isCutOff({ reason }: Done): boolean {
  return reason === 'length';
}
