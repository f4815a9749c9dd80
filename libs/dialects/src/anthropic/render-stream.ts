import type { ToolCall } from '@tutti/proto/tutti/agent/v1/call';
import type { Delta, Done } from '@tutti/proto/tutti/agent/v1/chunk';
import { extraMembers, type Extra } from '../answer.ts';
import {
  endUsageText,
  foreignOf,
  messageText,
  promptMembers,
  redactedText,
  signatureOf,
  stopMembers,
  toolUseText,
  type AnswerFacts,
} from './answer-text.ts';

export interface StreamFacts extends AnswerFacts {
  /** Tokens of the prompt as far as they are known before it is read: the end tells them rightly. */
  readonly expectedTokens: number;
}

/** Writes one answer as server-sent events. Each text is whole events, ready to send. */
export interface MessageStream {
  /** The events that open the answer: once, before all others. */
  start(): string;
  /** The events for a piece of the answer; empty if it holds nothing that Anthropic has a place for. */
  delta(delta: Delta): string;
  /** The events that end the answer. `extra` stands in the last object. */
  finish(done: Done, extra?: Extra): string;
}

type Block = 'text' | 'thinking';

export function messageStream(facts: StreamFacts): MessageStream {
  let index = 0;
  /** The kind of the block that is open, if it is one that grows. */
  let open: Block | undefined;
  let asksForTool = false;

  const whole = (start: string, delta: string): string =>
    event('content_block_start', `"index":${index},"content_block":${start}`) +
    (delta === '' ? '' : deltaEvent(delta)) +
    event('content_block_stop', `"index":${index++}`);
  const deltaEvent = (delta: string): string => event('content_block_delta', `"index":${index},"delta":${delta}`);

  const close = (signature = signatureOf({})): string => {
    const signed =
      open === 'thinking' ? deltaEvent(`{"type":"signature_delta","signature":${JSON.stringify(signature)}}`) : '';
    const stopped = open === undefined ? '' : event('content_block_stop', `"index":${index++}`);
    open = undefined;
    return signed + stopped;
  };

  const opened = (block: Block): string => {
    if (open === block) return '';
    const closed = close();
    open = block;
    return `${closed}${event('content_block_start', `"index":${index},"content_block":${emptyBlocks[block]}`)}`;
  };

  const think = (thinking: string): string =>
    opened('thinking') +
    (facts.hidesThinking ? '' : deltaEvent(`{"type":"thinking_delta","thinking":${JSON.stringify(thinking)}}`));

  const use = (call: ToolCall): string => {
    asksForTool = true;
    const input = JSON.stringify(call.argumentsJson || '{}');
    return close() + whole(toolUseText(call, facts, '{}'), `{"type":"input_json_delta","partial_json":${input}}`);
  };

  return {
    start() {
      const usage = `{${promptMembers(facts.expectedTokens, 0)},"output_tokens":0}`;
      const ending = `"stop_reason":null,"stop_sequence":null,"stop_details":null,"container":null,"diagnostics":null,"usage":${usage}`;
      return event('message_start', `"message":${messageText(facts, '', ending)}`) + pingEvent();
    },
    delta(delta) {
      const { text, thinking, toolCalls } = delta;
      let events = thinking === '' ? '' : think(thinking);
      if (delta.extraJson !== '') {
        const foreign = foreignOf(delta);
        if (foreign.signature !== undefined) events += opened('thinking') + close(signatureOf(foreign));
        const { redacted_thinking: data } = foreign;
        if (data !== undefined) events += close() + whole(redactedText(data), '');
      }
      if (text !== '') events += opened('text') + deltaEvent(`{"type":"text_delta","text":${JSON.stringify(text)}}`);
      for (const call of toolCalls) events += use(call);
      return events;
    },
    finish(done, extra = {}) {
      const delta = `{${stopMembers(done, asksForTool)},"container":null}`;
      const last = extraMembers(extra);
      return (
        close() +
        event('message_delta', `"delta":${delta},"usage":${endUsageText(done)}`) +
        event('message_stop', last.slice(1))
      );
    },
  };
}

/** Says nothing but that the answer still comes. */
export function pingEvent(): string {
  return event('ping');
}

const emptyBlocks: Readonly<Record<Block, string>> = {
  text: '{"type":"text","text":""}',
  thinking: '{"type":"thinking","thinking":"","signature":""}',
};

function event(type: string, members = ''): string {
  return `event: ${type}\ndata: {"type":"${type}"${members === '' ? '' : `,${members}`}}\n\n`;
}
