import { Priority } from '@tutti/core';
import { oneOf } from '../json/fields.ts';

/** What a request asks of the queue, in OpenAI's words. */
export interface ServiceTier {
  /** As the answer tells it. */
  readonly name: 'default' | 'flex' | 'priority';
  /** Absent: what the key usually gets. */
  readonly priority?: Priority;
}

const usual: ServiceTier = { name: 'default' };

const tiers: Readonly<Record<string, ServiceTier>> = {
  auto: usual,
  default: usual,
  flex: { name: 'flex', priority: Priority.BATCH },
  priority: { name: 'priority', priority: Priority.INTERACTIVE },
};

export const asServiceTier = oneOf(tiers);
