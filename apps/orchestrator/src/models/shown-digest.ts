import { createHash } from 'node:crypto';

/** A model's digest for Ollama's clients, which cut it to its first letters: for one that has none, one of its name. */
export function shownDigest({ name, digest }: { readonly name: string; readonly digest: string }): string {
  return digest || createHash('sha256').update(name).digest('hex');
}
