import type { MessageInitShape } from '@bufbuild/protobuf';
import type { PartSchema } from '@tutti/proto/tutti/agent/v1/call';
import { arrayOf, asString, kindOf, wrongKind, type Value } from './json/fields.ts';

/** A piece of a message. */
export type PartInit = MessageInitShape<typeof PartSchema>;

export function textPart(text: string): PartInit {
  return { kind: { case: 'text', value: text } };
}

export function mediaPart(data: Uint8Array, mediaType: string): PartInit {
  return { kind: { case: 'media', value: { data, mediaType } } };
}

/** Reads content that is a text, or a list of what `asPart` reads. */
export function contentOf(asPart: (value: Value) => PartInit): (value: Value) => PartInit[] {
  return (value) => {
    const kind = kindOf(value.raw);
    if (kind === 'array') return arrayOf(asPart)(value);
    if (kind !== 'string') throw wrongKind(value, 'a string or an array');
    const text = asString(value);
    return text === '' ? [] : [textPart(text)];
  };
}
