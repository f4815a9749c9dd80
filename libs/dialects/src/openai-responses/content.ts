import { arrayOf, asFields, asString, invalid, kindOf, type Value } from '../json/fields.ts';
import { asImage } from '../openai/parts.ts';
import { textPart, type PartInit } from '../parts.ts';

/** The content of a message or of a tool's output: a text, or a list of parts. */
export function asContent(value: Value): PartInit[] {
  if (kindOf(value.raw) === 'string') return textParts(asString(value));
  return arrayOf(asPart)(value).flat();
}

/** The same content as the list of parts that it stands for. */
export function contentText(value: Value, type: 'input_text' | 'output_text'): string {
  if (kindOf(value.raw) !== 'string') return value.raw;
  return `[{"type":"${type}","text":${value.raw}${type === 'output_text' ? ',"annotations":[]' : ''}}]`;
}

function asPart(value: Value): PartInit[] {
  const fields = asFields(value);
  const type = fields.need('type', asString);
  switch (type) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return textParts(fields.need('text', asString));
    case 'refusal':
      return textParts(fields.need('refusal', asString));
    case 'input_image':
      fields.take('file_id', (id) => {
        throw invalid(id.path, 'uploaded files are not supported; send the image as a data URL in "image_url"');
      });
      return [fields.need('image_url', asImage)];
    default:
      throw invalid(
        `${value.path}.type`,
        `content of type ${JSON.stringify(type)} is not supported; use "input_text" or "input_image"`,
      );
  }
}

function textParts(text: string): PartInit[] {
  return text === '' ? [] : [textPart(text)];
}
