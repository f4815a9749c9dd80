import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ClusterError } from '@tutti/core';
import type { PartSchema } from '@tutti/proto/tutti/agent/v1/call';
import { decodeBase64 } from '../json/base64.ts';
import { arrayOf, asBoolean, asFields, asString, invalid, kindOf, wrongKind, type Value } from '../json/fields.ts';
import { mediaAt } from '../media/index.ts';

export type PartInit = MessageInitShape<typeof PartSchema>;

export function textPart(text: string): PartInit {
  return { kind: { case: 'text', value: text } };
}

/** A block of a user's turn: a piece of it, or the result of a tool, which is a turn. */
export function asUserBlock(value: Value) {
  const fields = asFields(value);
  const type = fields.need('type', asString);
  if (type !== 'tool_result') return { part: asPart(value, ['text', 'image', 'tool_result']) };
  const failed = fields.take('is_error', asBoolean) ?? false;
  const parts = fields.take('content', asResult) ?? [];
  return {
    result: {
      role: 'tool',
      toolCallId: fields.need('tool_use_id', asString),
      // Few servers have a place for it, so the model is told in words.
      parts: failed ? [textPart('The tool failed:'), ...parts] : parts,
      extraJson: failed ? failedJson : '',
    },
  };
}

/** What is kept of a result that is an error. */
export const failedJson = '{"is_error":true}';

/** A string, or blocks of text. */
export function asTexts(value: Value): PartInit[] {
  return asContent(value, ['text']);
}

function asResult(value: Value): PartInit[] {
  return asContent(value, ['text', 'image']);
}

function asContent(value: Value, types: readonly string[]): PartInit[] {
  const kind = kindOf(value.raw);
  if (kind === 'array') return arrayOf((block) => asPart(block, types))(value);
  if (kind !== 'string') throw wrongKind(value, 'a string or an array');
  const text = asString(value);
  return text === '' ? [] : [textPart(text)];
}

function asPart(value: Value, types: readonly string[]): PartInit {
  const fields = asFields(value);
  const type = fields.need('type', asString);
  if (types.includes(type) && type === 'text') return textPart(fields.need('text', asString));
  if (types.includes(type) && type === 'image') return fields.need('source', asImage);
  throw unsupported(value, type, types);
}

/** The error for a block of another type than these. */
export function unsupported(block: Value, type: string, types: readonly string[]): ClusterError {
  const known = types.map((name) => JSON.stringify(name)).join(', ');
  const path = `${block.path}.type`;
  return invalid(path, `content of type ${JSON.stringify(type)} is not supported at ${path}; use ${known}`);
}

function asImage(value: Value): PartInit {
  const fields = asFields(value);
  const type = fields.need('type', asString);
  if (type === 'url') return fields.need('url', (url) => mediaAt(asString(url), url.path));
  if (type !== 'base64') {
    const path = `${value.path}.type`;
    throw invalid(path, `field "${path}" must be "base64" or "url", got ${JSON.stringify(type)}`);
  }
  const mediaType = fields.need('media_type', asString);
  const data = fields.need('data', (text) => decodeBase64(asString(text), text.path));
  return { kind: { case: 'media', value: { data, mediaType } } };
}
