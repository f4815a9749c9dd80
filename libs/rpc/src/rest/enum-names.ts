import type { DescEnum } from '@bufbuild/protobuf';

/** The name of an enum's value without the prefix that all share: `READY` for `NODE_STATUS_READY`. */
export function shortEnumName(type: DescEnum, name: string): string {
  return type.values.find((value) => value.name === name)?.localName ?? name;
}

/** The name in the schema for one with or without the prefix; undefined if there is none. */
export function longEnumName(type: DescEnum, name: string): string | undefined {
  return type.values.find((value) => value.localName === name || value.name === name)?.name;
}

/** What a client may choose from: all values but the one that stands for none. */
export function shortEnumNames(type: DescEnum): string[] {
  return type.values.filter(({ number }) => number !== 0).map(({ localName }) => localName);
}
