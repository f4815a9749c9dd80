import { badUpstream, isObject, type JsonObject } from '../upstream.ts';

interface LogprobInit {
  readonly token: string;
  readonly logprob: number;
  readonly tokenBytes: Uint8Array;
  readonly top?: LogprobInit[];
}

/** `logprobs` of a choice: that of a chat, or of a text, which is three lists side by side. Throws bad_upstream. */
export function logprobsOf(value: unknown): LogprobInit[] {
  if (value === null || value === undefined) return [];
  if (!isObject(value)) throw wrong();
  if (value['tokens'] !== undefined) return listsOf(value);
  const { content } = value;
  return content === null || content === undefined ? [] : each(content, ofToken);
}

function ofToken(value: unknown): LogprobInit {
  if (!isObject(value)) throw wrong();
  const { top_logprobs: top } = value;
  return { ...read(value), top: top === null || top === undefined ? [] : each(top, (one) => read(one)) };
}

function read(value: unknown): LogprobInit {
  const { token, logprob, bytes } = isObject(value) ? value : {};
  if (typeof token !== 'string' || typeof logprob !== 'number') throw wrong();
  return { token, logprob, tokenBytes: Uint8Array.from(Array.isArray(bytes) ? bytes : []) };
}

/** The first token of a text has no probability. */
function listsOf({ tokens, token_logprobs: logprobs, top_logprobs: tops }: JsonObject): LogprobInit[] {
  if (!Array.isArray(logprobs)) throw wrong();
  const named = each(tokens, (token) => {
    if (typeof token !== 'string') throw wrong();
    return token;
  });
  return named.flatMap((token, at) => {
    const logprob: unknown = logprobs[at];
    if (logprob === null) return [];
    return [{ ...read({ token, logprob }), top: topOf(Array.isArray(tops) ? tops[at] : undefined) }];
  });
}

function topOf(value: unknown): LogprobInit[] {
  return Object.entries(isObject(value) ? value : {})
    .map(([token, logprob]) => read({ token, logprob }))
    .toSorted((one, other) => other.logprob - one.logprob);
}

function each<T>(value: unknown, read: (one: unknown) => T): T[] {
  if (!Array.isArray(value)) throw wrong();
  return value.map(read);
}

function wrong() {
  return badUpstream('"logprobs" have the wrong shape');
}
