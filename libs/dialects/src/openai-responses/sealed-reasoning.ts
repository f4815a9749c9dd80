import { decodeBase64, encodeBase64 } from '../json/base64.ts';
import { asString, invalid, type Value } from '../json/fields.ts';

const mark = 'tutti.';

/**
 * Reasoning for clients that keep the conversation themselves and hand back what they cannot read. It is their own, in
 * plain sight beside it, so it is wrapped, not enciphered.
 */
export function sealReasoning(thinking: string): string {
  return mark + encodeBase64(new TextEncoder().encode(thinking));
}

/** What another server has enciphered cannot be read here: that is refused, as OpenAI refuses it. */
export function readReasoning(value: Value): string {
  const sealed = asString(value);
  if (sealed.startsWith(mark)) return new TextDecoder().decode(decodeBase64(sealed.slice(mark.length), value.path));
  throw invalid(
    value.path,
    `field "${value.path}" was not made by this server and cannot be read; leave the reasoning item out`,
  );
}
