import { Priority } from '@tutti/core';
import { asString, invalid, type Value } from '../json/fields.ts';

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

export function asServiceTier(value: Value): ServiceTier {
  const name = asString(value);
  const tier = Object.hasOwn(tiers, name) ? tiers[name] : undefined;
  if (tier) return tier;
  const names = Object.keys(tiers).join(', ');
  throw invalid(value.path, `field "${value.path}" must be one of ${names}, got ${JSON.stringify(name)}`);
}
