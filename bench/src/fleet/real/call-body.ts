import type { FleetCall } from '@tutti/simulation';

/** A request as a client sends it to Ollama. A token is a word; what two prompts share they begin with. */
export function requestOf({ model, kind, numCtx, prefix }: FleetCall): { path: string; body: string } {
  const parts = prefix.map(({ hash, tokens }, index) => {
    const words = Math.max(1, tokens - (prefix[index - 1]?.tokens ?? 0));
    return `#${hash}${' abc'.repeat(words - 1)}`;
  });
  const options = numCtx === undefined ? {} : { options: { num_ctx: numCtx } };
  if (kind === 'embed')
    return { path: '/api/embed', body: JSON.stringify({ model, input: parts.join(' '), ...options }) };
  const messages = parts.map((content, index) => ({
    role: index === 0 && parts.length > 1 ? 'system' : 'user',
    content,
  }));
  return { path: '/api/chat', body: JSON.stringify({ model, messages, ...options }) };
}

/** What a model says to the last message of each call: as many words as it has tokens. */
export function answersTo(calls: readonly FleetCall[]): (lastMessage: string) => string {
  const lengths = new Map(calls.map(({ prefix, outputTokens }) => [prefix.at(-1)!.hash, outputTokens]));
  return (lastMessage) => 'word '.repeat(lengths.get(Number(/^#(\d+)/.exec(lastMessage)?.[1])) ?? 1);
}
