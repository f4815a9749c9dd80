import { Priority } from '@tutti/proto/tutti/agent/v1/dispatch';

/** What clients and keys call the priorities that may be asked for. */
export const priorities = {
  interactive: Priority.INTERACTIVE,
  default: Priority.DEFAULT,
  batch: Priority.BATCH,
} as const satisfies Record<string, Priority>;

/** Name of a priority that a client may ask for. */
export type PriorityName = keyof typeof priorities;

export function isPriorityName(text: string): text is PriorityName {
  return Object.hasOwn(priorities, text);
}
