import { arrayOf, asFields, asObjectText, asString, asText, invalid, type Fields, type Value } from '../json/fields.ts';
import { members, type Member } from '../json/spans.ts';
import { objectText, type MaybeMember } from '../json/text.ts';

/** Fields that change no answer of a model here. An Anthropic server behind this one gets them. */
const withoutEffect: Readonly<Record<string, (value: Value) => unknown>> = {
  metadata: (value) => asFields(value).take('user_id', asString),
  service_tier: asServiceTier,
  cache_control: asObjectText,
  context_management: asObjectText,
  inference_geo: asString,
  speed: asString,
  diagnostics: asObjectText,
};

/** What nobody here can do, and why a request that wants it is refused. */
const refused: Readonly<Record<string, string>> = {
  container: 'code is not run here',
  mcp_servers: 'MCP servers are not asked for a client',
};

/**
 * Takes what is left, as the text of an object, with `more` in it; empty if there is nothing. What nobody knows is
 * refused, unless the client uses a beta: betas are many, and their names no concern of a local model.
 */
export function takeUnknown(fields: Fields, beta: string | undefined, more: readonly MaybeMember[]): string {
  const kept: MaybeMember[] = [...more];
  for (const [key, check] of Object.entries(withoutEffect)) {
    kept.push([
      key,
      fields.take(key, (value) => {
        check(value);
        return value.raw;
      }),
    ]);
  }
  for (const [key, why] of Object.entries(refused)) fields.take(key, (value) => refuseUnlessEmpty(value, why));
  const rest = fields.rest();
  const unknown: Member[] = rest === '' ? [] : members(rest);
  const [first] = unknown;
  if (first && beta === undefined) throw invalid(first[0], `${first[0]}: Extra inputs are not permitted`);
  if (beta !== undefined) kept.push(...unknown, [betaField, JSON.stringify(beta)]);
  return kept.some(([, raw]) => raw !== undefined) ? objectText(kept) : '';
}

/** Under this name, as elsewhere, a body holds what is otherwise a header. */
export const betaField = 'anthropic_beta';

function asServiceTier(value: Value): void {
  const tier = asString(value);
  if (tier === 'auto' || tier === 'standard_only') return;
  throw invalid(value.path, `service_tier must be "auto" or "standard_only", got ${JSON.stringify(tier)}`);
}

function refuseUnlessEmpty(value: Value, why: string): void {
  if (value.raw.startsWith('[') && arrayOf(asText)(value).length === 0) return;
  throw invalid(value.path, `${value.path} is not supported: ${why}`);
}
