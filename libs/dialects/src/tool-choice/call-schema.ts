import type { Tool } from '@tutti/proto/tutti/agent/v1/call';
import { invalid } from '../json/fields.ts';
import { members } from '../json/spans.ts';
import { arrayText, objectText } from '../json/text.ts';

/** What a schema refers to from its root, by where it says so. */
const shared = ['$defs', 'definitions'] as const;

/** The JSON schema of a call of one of these functions. What their own schemas refer to moves to the root. */
export function callSchema(tools: readonly Tool[]): string {
  const roots = new Map(shared.map((key) => [key, new Map<string, string>()] as const));
  const calls = tools.map(({ name, parametersJson }) => {
    const schema = new Map(parametersJson === '' ? [] : members(parametersJson));
    for (const key of shared) {
      for (const [part, raw] of members(schema.get(key) ?? '{}')) addPart(roots.get(key)!, part, raw);
      schema.delete(key);
    }
    if (!schema.has('type')) schema.set('type', '"object"');
    return objectText([
      ['type', '"object"'],
      ['properties', `{"name":{"enum":[${JSON.stringify(name)}]},"arguments":${objectText(schema)}}`],
      ['required', '["name","arguments"]'],
      ['additionalProperties', 'false'],
    ]);
  });
  const parts = shared.flatMap((key) => {
    const found = roots.get(key)!;
    return found.size === 0 ? [] : [[key, objectText(found)] as const];
  });
  const [only] = calls;
  const call = calls.length === 1 && only ? members(only) : [['anyOf', arrayText(calls)] as const];
  return objectText([...call, ...parts]);
}

function addPart(parts: Map<string, string>, name: string, raw: string): void {
  const other = parts.get(name);
  if (other !== undefined && other !== raw) {
    throw invalid('tools', `Two functions mean different things by "${name}" in $defs; rename one to force a call.`);
  }
  parts.set(name, raw);
}
