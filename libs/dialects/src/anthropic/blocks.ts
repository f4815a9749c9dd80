import type { ClusterError } from '@tutti/core';
import { asBase64 } from '../json/base64.ts';
import { asBoolean, asFields, asString, invalid, type Value } from '../json/fields.ts';
import { mediaAt } from '../media/index.ts';
import { contentOf, mediaPart, textPart, type PartInit } from '../parts.ts';

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
export const asTexts = contentOf((block) => asPart(block, ['text']));

const asResult = contentOf((block) => asPart(block, ['text', 'image']));

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
  return mediaPart(fields.need('data', asBase64), mediaType);
}
