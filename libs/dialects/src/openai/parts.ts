import { asBase64, decodeBase64 } from '../json/base64.ts';
import { asFields, asString, invalid, kindOf, type Value } from '../json/fields.ts';
import { mediaAt } from '../media/index.ts';
import { contentOf, mediaPart, textPart, type PartInit } from '../parts.ts';

/** The `content` of a message: a text, or a list of parts. */
export const asParts = contentOf(asPart);

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
  const data = fields.need('data', asBase64);
  return mediaPart(data, format === 'mp3' ? 'audio/mpeg' : `audio/${format}`);
}
