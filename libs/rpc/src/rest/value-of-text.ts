import { ScalarType } from '@bufbuild/protobuf';
import type { DescEnum, DescField, JsonValue } from '@bufbuild/protobuf';
import { longEnumName, shortEnumNames } from './enum-names.ts';
import { invalidField, shown } from './invalid.ts';

/** The JSON value that a text in a URL stands for. `name` is what the client calls the field. */
export function valueOfText(field: DescField, text: string, name: string): JsonValue {
  if (field.enum) return enumOfText(field.enum, text, name);
  switch (field.scalar) {
    case ScalarType.BOOL:
      return booleanOfText(text, name);
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return numberOfText(text, name);
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return integerOfText(text, name, -(2 ** 31), 2 ** 31 - 1);
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return integerOfText(text, name, 0, 2 ** 32 - 1);
    default:
      return text;
  }
}

function enumOfText(type: DescEnum, text: string, name: string): string {
  const known = longEnumName(type, text);
  if (known !== undefined) return known;
  throw wrong(name, `one of ${shortEnumNames(type).join(', ')}`, text);
}

function booleanOfText(text: string, name: string): boolean {
  if (text === 'true') return true;
  if (text === 'false') return false;
  throw wrong(name, 'true or false', text);
}

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

function numberOfText(text: string, name: string): number {
  const number = decimal.test(text) ? Number(text) : NaN;
  if (Number.isFinite(number)) return number;
  throw wrong(name, 'a number', text);
}

function integerOfText(text: string, name: string, least: number, most: number): number {
  const number = /^[+-]?\d+$/.test(text) ? Number(text) : NaN;
  if (number >= least && number <= most) return number;
  throw wrong(name, `a whole number from ${least} to ${most}`, text);
}

function wrong(name: string, expected: string, text: string) {
  return invalidField(name, `${name} must be ${expected}, got "${shown(text)}".`);
}
