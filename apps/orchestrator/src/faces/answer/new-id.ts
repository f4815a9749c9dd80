import { randomUUID } from 'node:crypto';

/** An id such as "call_" and 24 hex digits. */
export function newId(kind: string): string {
  return `${kind}_${randomUUID().replaceAll('-', '').slice(0, 24)}`;
}
