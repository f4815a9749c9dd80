import type { Done } from '@tutti/proto/tutti/agent/v1/chunk';

/** What the end of a run tells of it, for faces that leave fields of others out. */
export function runField({ extraJson }: Done): { readonly tutti_run?: unknown } {
  if (!extraJson.includes('"tutti_run"')) return {};
  const { tutti_run: run } = JSON.parse(extraJson) as { readonly tutti_run?: unknown };
  return run === undefined ? {} : { tutti_run: run };
}
