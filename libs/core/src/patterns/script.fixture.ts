import type { Call } from '../generate.ts';

/** The text of the user's last turn, also where an answer that a crash broke off is to go on. */
export function userTextOf({ kind }: Call): string {
  const turns = kind.case === 'chat' ? kind.value.messages : [];
  const part = turns.findLast(({ role }) => role === 'user')?.parts[0]?.kind;
  return part?.case === 'text' ? part.value : '';
}

/** Whether JSON with this field is due. */
export function asksFor({ format }: Call, field: string): boolean {
  return format?.kind.case === 'schemaJson' && format.kind.value.includes(`"${field}"`);
}
