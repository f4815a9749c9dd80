import type { MessageInitShape } from '@bufbuild/protobuf';
import type { PartSchema } from '@tutti/proto/tutti/agent/v1/call';
import { decodeBase64 } from '../json/base64.ts';
import { arrayOf, asFields, asString, invalid, kindOf, wrongKind, type Value } from '../json/fields.ts';
import { mediaAt } from '../media/index.ts';

type PartInit = MessageInitShape<typeof PartSchema>;

/** The `content` of a message: a text, or a list of parts. */
export function asParts(value: Value): PartInit[] {
  const kind = kindOf(value.raw);
  if (kind === 'array') return arrayOf(asPart)(value);
  if (kind !== 'string') throw wrongKind(value, 'a string or an array');
  const text = asString(value);
  return text === '' ? [] : [textPart(text)];
}

function asPart(value: Value): PartInit {
  const fields = asFields(value);
  const type = fields.need('type', asString);
  switch (type) {
    case 'text':
      return textPart(fields.need('text', asString));
    case 'refusal':
      return textPart(fields.need('refusal', asString));
    case 'image_url':
      return fields.need('image_url', asImage);
    case 'input_audio':
      return fields.need('input_audio', asAudio);
    default:
      throw invalid(
        `${value.path}.type`,
        `content of type ${JSON.stringify(type)} is not supported; use "text", "image_url" or "input_audio"`,
      );
  }
}

function textPart(text: string): PartInit {
  return { kind: { case: 'text', value: text } };
}

function mediaPart(data: Uint8Array, mediaType: string): PartInit {
  return { kind: { case: 'media', value: { data, mediaType } } };
}

export function asImage(value: Value): PartInit {
  return kindOf(value.raw) === 'string' ? asPicture(value) : asFields(value).need('url', asPicture);
}

function asPicture(value: Value): PartInit {
  const url = asString(value);
  if (/^https?:/i.test(url)) return mediaAt(url, value.path);
  const comma = url.indexOf(',');
  const [, mediaType] = /^data:([^;,]*)(?:;[^;,]*)*;base64$/i.exec(url.slice(0, Math.max(0, comma))) ?? [];
  if (mediaType === undefined) {
    throw invalid(value.path, 'invalid image input: expected a URL like "data:image/png;base64,..." or "https://..."');
  }
  return mediaPart(decodeBase64(url.slice(comma + 1), value.path), mediaType.toLowerCase());
}

function asAudio(value: Value): PartInit {
  const fields = asFields(value);
  const format = fields.need('format', asString);
  const data = fields.need('data', (text) => decodeBase64(asString(text), text.path));
  return mediaPart(data, format === 'mp3' ? 'audio/mpeg' : `audio/${format}`);
}
