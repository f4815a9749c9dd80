import type { Message } from '@tutti/core';
import type { Media, Part, ToolCall } from '@tutti/proto/tutti/agent/v1/call';
import { encodeBase64 } from '../json/base64.ts';
import { members } from '../json/spans.ts';
import { arrayText, objectText } from '../json/text.ts';
import { mediaTypeOf } from '../media-type.ts';

interface MessageSettings {
  /** Whether the messages' unknown fields are in OpenAI's words. */
  readonly withExtra: boolean;
  /** Whether only fields that OpenAI's own API knows may stand there. */
  readonly strict: boolean;
}

/** `messages` as OpenAI wants them: each tool call has an id, and each answer to one names it. */
export function messagesText(messages: readonly Message[], settings: MessageSettings): string {
  const ids = toolCallIds(messages);
  return arrayText(messages.map((message, at) => messageText(message, ids[at]!, settings)));
}

/** Ids of the calls in a message, and of the call that it answers. */
export interface Ids {
  readonly calls: readonly string[];
  readonly answered: string;
}

/** Ollama's clients give no ids: there an answer belongs to the first call of its function that is still open. */
export function toolCallIds(messages: readonly Message[]): Ids[] {
  let open: { readonly id: string; readonly name: string }[] = [];
  return messages.map((message, at) => {
    if (message.role !== 'tool') {
      const calls = message.toolCalls.map(({ id }, index) => id || `call_${at}_${index}`);
      if (calls.length > 0) open = message.toolCalls.map(({ name }, index) => ({ id: calls[index]!, name }));
      return { calls, answered: '' };
    }
    const { toolCallId, toolName } = message;
    const call = open.find(({ id, name }) => (toolCallId ? id === toolCallId : name === toolName)) ?? open[0];
    const answered = toolCallId || (call?.id ?? `call_${at}`);
    open = open.filter(({ id }) => id !== answered);
    return { calls: [], answered };
  });
}

function messageText(message: Message, { calls, answered }: Ids, { withExtra, strict }: MessageSettings): string {
  const { role, thinking, toolCalls, toolName, extraJson } = message;
  const isTool = role === 'tool';
  const extra = withExtra && extraJson !== '' ? members(extraJson) : [];
  return objectText([
    ['role', JSON.stringify(role)],
    ['content', contentText(message)],
    ['reasoning_content', thinking === '' || strict ? undefined : JSON.stringify(thinking)],
    [
      'tool_calls',
      toolCalls.length === 0
        ? undefined
        : arrayText(toolCalls.map((call, index) => toolCallText(call, calls[index]!, withExtra))),
    ],
    ['tool_call_id', isTool ? JSON.stringify(answered) : undefined],
    ['name', isTool && toolName !== '' && !strict ? JSON.stringify(toolName) : undefined],
    ...extra,
  ]);
}

/** A single text is a string, as every server takes it. */
function contentText({ parts, toolCalls }: Message): string {
  const [first, ...others] = parts;
  if (!first) return toolCalls.length > 0 ? 'null' : '""';
  if (others.length === 0 && first.kind.case === 'text') return JSON.stringify(first.kind.value);
  return arrayText(parts.map(partText));
}

function partText({ kind }: Part): string {
  if (kind.case === 'media') return mediaText(kind.value);
  return `{"type":"text","text":${JSON.stringify(kind.value ?? '')}}`;
}

function mediaText(media: Media): string {
  const type = mediaTypeOf(media);
  const data = encodeBase64(media.data);
  if (!type.startsWith('audio/')) {
    return `{"type":"image_url","image_url":{"url":${JSON.stringify(`data:${type};base64,${data}`)}}}`;
  }
  const format = type === 'audio/mpeg' ? 'mp3' : type.slice('audio/'.length);
  return `{"type":"input_audio","input_audio":{"data":"${data}","format":${JSON.stringify(format)}}}`;
}

function toolCallText({ name, argumentsJson, extraJson }: ToolCall, id: string, withExtra: boolean): string {
  const called = `{"name":${JSON.stringify(name)},"arguments":${JSON.stringify(argumentsJson || '{}')}}`;
  return objectText([
    ['id', JSON.stringify(id)],
    ['type', '"function"'],
    ['function', called],
    ...(withExtra && extraJson !== '' ? members(extraJson) : []),
  ]);
}
