import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Logprob, LogprobSchema } from '@tutti/proto/tutti/agent/v1/chunk';
import { isObject } from '../upstream.ts';

type LogprobInit = MessageInitShape<typeof LogprobSchema>;

interface TokenInit {
  readonly token: string;
  readonly logprob: number;
  readonly tokenBytes: Uint8Array;
}

interface TokenText {
  readonly token: string;
  readonly logprob: number;
  readonly bytes?: number[];
}

function tokenText({ token, logprob, tokenBytes }: Logprob): TokenText {
  return tokenBytes.length === 0 ? { token, logprob } : { token, logprob, bytes: [...tokenBytes] };
}

/** `logprobs` as Ollama writes it. */
export function logprobsText(logprobs: readonly Logprob[]): string {
  return JSON.stringify(
    logprobs.map((one) =>
      one.top.length === 0 ? tokenText(one) : { ...tokenText(one), top_logprobs: one.top.map(tokenText) },
    ),
  );
}

/** Reads `logprobs` of a line. Undefined: it is not of that shape. */
export function readLogprobs(value: unknown): LogprobInit[] | undefined {
  return readList(value, (one) => {
    const token = readToken(one);
    const top = readList(one['top_logprobs'] ?? [], readToken);
    return token && top && { ...token, top };
  });
}

function readToken(value: Readonly<Record<string, unknown>>): TokenInit | undefined {
  const { token, logprob, bytes = [] } = value;
  if (typeof token !== 'string' || typeof logprob !== 'number' || !isBytes(bytes)) return undefined;
  return { token, logprob, tokenBytes: Uint8Array.from(bytes) };
}

function readList<T>(value: unknown, read: (one: Readonly<Record<string, unknown>>) => T | undefined): T[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const list = value.map((one) => (isObject(one) ? read(one) : undefined));
  return list.every((one) => one !== undefined) ? list : undefined;
}

function isBytes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255);
}
