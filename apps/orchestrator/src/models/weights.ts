/**
 * Digests of the large files of a model: what /api/show of its Ollama tells of them. Templates and the like are small, and
 * it does not tell of those.
 */
export function weightsOf(shown: string): string[] {
  const { modelfile } = parsed(shown);
  if (typeof modelfile !== 'string') return [];
  const files = modelfile.matchAll(/^(?:FROM|ADAPTER) .*[/\\]sha256-([\da-f]{64})$/gm);
  return [...new Set([...files].map(([, hex]) => `sha256:${hex}`))];
}

function parsed(text: string): { readonly modelfile?: unknown } {
  try {
    return (JSON.parse(text) ?? {}) as { modelfile?: unknown };
  } catch {
    return {};
  }
}
