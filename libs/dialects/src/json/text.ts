/** A member of an object that is being written; without a text it is left out. */
export type MaybeMember = readonly [key: string, raw: string | undefined];

/**
 * The text of an object with these members. A value is JSON text and stands in the result as it is; a member without
 * one is left out.
 */
export function objectText(members: Iterable<MaybeMember>): string {
  return `{${memberTexts(members).join(',')}}`;
}

/** The same for the middle of an object that is being written: each member follows a comma. */
export function moreMembers(members: Iterable<MaybeMember>): string {
  return memberTexts(members)
    .map((text) => `,${text}`)
    .join('');
}

/** The text of an array of these elements, each JSON text. */
export function arrayText(elements: readonly string[]): string {
  return `[${elements.join(',')}]`;
}

function memberTexts(members: Iterable<MaybeMember>): string[] {
  const texts: string[] = [];
  for (const [key, raw] of members) if (raw !== undefined) texts.push(`${JSON.stringify(key)}:${raw}`);
  return texts;
}
