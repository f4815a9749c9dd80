import { invalid } from '../json/fields.ts';
import { folded } from '../json/folded.ts';
import type { Member } from '../json/spans.ts';

/** Fields by which a router behind a node, such as OpenRouter or LiteLLM, may run another model than the one asked for. */
export const otherModels: ReadonlySet<string> = new Set(['models', 'route', 'fallbacks']);

/** Throws for a field that lets a server choose between models: what a key may use is decided here, by the model's name. */
export function refuseOtherModels(members: readonly Member[]): void {
  const [name] = members.find(([key, raw]) => otherModels.has(folded(key)) && raw !== 'null') ?? [];
  if (name === undefined) return;
  const advice = 'name other models in the header x-tutti-fallback';
  throw invalid(
    name,
    `field "${name}" is not passed on, since it may lead to another model: leave it out, or ${advice}.`,
  );
}
