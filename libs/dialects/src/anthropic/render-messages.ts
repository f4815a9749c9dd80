import { ClusterError, type Message } from '@tutti/core';
import type { Media, Part } from '@tutti/proto/tutti/agent/v1/call';
import { encodeBase64 } from '../json/base64.ts';
import { elements, members } from '../json/spans.ts';
import { arrayText, objectText, type MaybeMember } from '../json/text.ts';
import { mediaTypeOf } from '../media-type.ts';
import { toolCallIds, type Ids } from '../openai/render-messages.ts';
import { failedJson } from './blocks.ts';

interface Turn {
  readonly role: 'assistant' | 'user';
  readonly blocks: readonly string[];
}

/** `system` and `messages`. `withExtra`: whether the messages' unknown fields are in Anthropic's words. */
export function conversationMembers(messages: readonly Message[], withExtra: boolean): MaybeMember[] {
  const ids = toolCallIds(messages);
  const system = messages.filter(isSystem).flatMap(({ parts }) => partTexts(parts));
  const turns = messages
    .flatMap((message, at) => (isSystem(message) ? [] : [turnOf(message, ids[at]!, withExtra)]))
    .filter(({ blocks }) => blocks.length > 0);
  return [
    ['system', system.length === 0 ? undefined : arrayText(system)],
    ['messages', arrayText(joined(turns).map(turnText))],
  ];
}

function isSystem({ role }: Message): boolean {
  return role === 'system';
}

function turnOf(message: Message, { calls, answered }: Ids, withExtra: boolean): Turn {
  const { role, parts, extraJson, toolCalls } = message;
  if (role === 'tool') return { role: 'user', blocks: [resultText(message, answered, withExtra)] };
  if (role !== 'assistant') return { role: 'user', blocks: partTexts(parts) };
  // Servers take thoughts back only as they have signed them.
  const [, signed] = (withExtra && extraJson !== '' ? members(extraJson) : []).find(([key]) => key === thoughts) ?? [];
  const asked = toolCalls.map(({ name, argumentsJson }, index) =>
    objectText([
      ['type', '"tool_use"'],
      ['id', JSON.stringify(calls[index])],
      ['name', JSON.stringify(name)],
      ['input', argumentsJson || '{}'],
    ]),
  );
  return {
    role: 'assistant',
    blocks: [...(signed === undefined ? [] : elements(signed)), ...partTexts(parts), ...asked],
  };
}

const thoughts = 'thinking_blocks';

/** That a tool failed is told by a field here, so not by the words that stand in front for other servers. */
function resultText({ parts, extraJson }: Message, id: string, withExtra: boolean): string {
  const failed = withExtra && extraJson === failedJson;
  const content = partTexts(failed ? parts.slice(1) : parts);
  return objectText([
    ['type', '"tool_result"'],
    ['tool_use_id', JSON.stringify(id)],
    ['content', content.length === 0 ? undefined : arrayText(content)],
    ['is_error', failed ? 'true' : undefined],
  ]);
}

/** Turns of the same side that follow each other are one: results of tools must come together. */
function joined(turns: readonly Turn[]): Turn[] {
  const found: Turn[] = [];
  for (const turn of turns) {
    const last = found.at(-1);
    if (last?.role === turn.role) found[found.length - 1] = { ...last, blocks: [...last.blocks, ...turn.blocks] };
    else found.push(turn);
  }
  return found;
}

function turnText({ role, blocks }: Turn): string {
  return `{"role":"${role}","content":${arrayText(blocks)}}`;
}

/** Anthropic refuses texts that are empty. */
function partTexts(parts: readonly Part[]): string[] {
  return parts.flatMap(({ kind }) => {
    if (kind.case === 'media') return [mediaText(kind.value)];
    return kind.value ? [`{"type":"text","text":${JSON.stringify(kind.value)}}`] : [];
  });
}

function mediaText(media: Media): string {
  const type = mediaTypeOf(media);
  if (!type.startsWith('image/')) {
    throw new ClusterError('invalid_request', `The model's server takes pictures, and no ${type}.`, {
      param: 'messages',
    });
  }
  const source = `{"type":"base64","media_type":${JSON.stringify(type)},"data":"${encodeBase64(media.data)}"}`;
  return `{"type":"image","source":${source}}`;
}
