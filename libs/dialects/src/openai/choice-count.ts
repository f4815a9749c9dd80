import { create } from '@bufbuild/protobuf';
import type { Call } from '@tutti/core';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { asInteger, invalid, type Value } from '../json/fields.ts';
import { members } from '../json/spans.ts';
import { objectText } from '../json/text.ts';

const mostChoices = 16;

/** `n`: how many answers are wanted. */
export function asChoiceCount(value: Value): number {
  const count = asInteger(value);
  if (count >= 1 && count <= mostChoices) return count;
  throw invalid(value.path, `${value.path} must be from 1 to ${mostChoices}, got ${count}`);
}

/** The call that makes the answer of that number. With one seed for all, all would be the same. */
export function callOfChoice(call: Call, choice: number): Call {
  if (choice === 0 || call.optionsJson === '') return call;
  const options = members(call.optionsJson).map(
    ([key, raw]) => [key, key === 'seed' && /^-?\d+$/.test(raw) ? String(BigInt(raw) + BigInt(choice)) : raw] as const,
  );
  return create(CallSchema, { ...call, optionsJson: objectText(options) });
}
