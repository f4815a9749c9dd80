import { ClusterError } from '@tutti/core';

/** What `format` may be: "json", or a JSON schema. */
export function readFormat(text: string): unknown {
  if (text === 'json') return text;
  try {
    const schema: unknown = JSON.parse(text);
    if (typeof schema === 'object' && schema !== null) return schema;
  } catch {
    // Said below.
  }
  throw new ClusterError('invalid_request', `The format is ${text}. Use json, or a JSON schema.`);
}
