import { ClusterError, type Reason } from '@tutti/core';
import { isObject } from '../upstream.ts';
import { redacted } from '../ollama/parse-error.ts';

/** What a server says when it refuses. */
export interface Refused {
  readonly text: string;
  /** Of `Retry-After`: seconds or a date; undefined: there was none. */
  readonly retryAfter: string | undefined;
}

/** An answer of an OpenAI-compatible server whose status is not 2xx, as the error to throw. `now`: ms since 1970. */
export function parseError(status: number, { text, retryAfter }: Refused, now: number): ClusterError {
  const told = toldIn(jsonOf(text));
  const retryAfterMs = waitMs(retryAfter, now);
  return errorFrom({ ...told, status: status || told.status }, retryAfterMs);
}

/** An `error` in the middle of an answer, as the error to throw. */
export function streamError(error: unknown): ClusterError {
  return errorFrom(toldIn({ error }), undefined);
}

/** What the servers' many shapes of an error have in common. */
interface Told {
  /** 0: unknown. */
  readonly status: number;
  /** Code or type, in whatever words; empty: none. */
  readonly words: string;
  readonly message: string;
  readonly param: string | undefined;
}

function toldIn(body: unknown): Told {
  const holder = isObject(body) ? body : {};
  const error = holder['error'] ?? holder;
  if (typeof error === 'string') return { status: 0, words: '', message: error, param: undefined };
  const fields = isObject(error) ? error : {};
  const { code, type, message = fields['detail'], param } = fields;
  return {
    status: typeof code === 'number' ? code : 0,
    words: [code, type].filter((word) => typeof word === 'string').join(' '),
    message: typeof message === 'string' ? message : '',
    param: typeof param === 'string' && param !== '' ? param : undefined,
  };
}

function errorFrom(told: Told, retryAfterMs: number | undefined): ClusterError {
  const reason = reasonOf(told);
  const param = paramOf(reason, told.param);
  return new ClusterError(reason, messageOf(told), {
    ...(param !== undefined && { param }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

const tooLong =
  /context_length_exceeded|exceed_context_size|context (?:length|size|window)|maximum (?:context|input) length|prompt is too long|too large to process/i;
const noModel = /model_not_found|model\b.*\b(?:not found|does not exist|not exist|no longer available)/is;

/** Reasons by status; those of the node's own account are no fault of the caller, and another node may do it. */
const byStatus: Readonly<Record<number, Reason>> = {
  400: 'invalid_request',
  408: 'upstream_timeout',
  413: 'too_large',
  415: 'unsupported_media',
  422: 'invalid_request',
  429: 'overloaded',
  501: 'not_implemented',
  503: 'overloaded',
  504: 'upstream_timeout',
  524: 'upstream_timeout',
  529: 'overloaded',
};

function reasonOf({ status, words, message }: Told): Reason {
  if (isAccount(status, words)) return 'upstream_error';
  const mayBeOurs = status === 0 || (status >= 400 && status <= 500);
  if (mayBeOurs && tooLong.test(`${words} ${message}`)) return 'context_length_exceeded';
  if ((status === 400 || status === 404) && noModel.test(`${words} ${message}`)) return 'model_not_found';
  if (status === 0 && /rate_limit|overloaded|unavailable/.test(words)) return 'overloaded';
  return byStatus[status] ?? 'upstream_error';
}

/** Whether the server refuses the node rather than the request. What it says then may quote the key. */
function isAccount(status: number, words: string): boolean {
  return [401, 402, 403].includes(status) || /insufficient_quota|invalid_api_key|authentication/.test(words);
}

function messageOf({ status, words, message }: Told): string {
  if (/insufficient_quota/.test(words) || status === 402)
    return "The account of this node's API key has no credit left.";
  if (isAccount(status, words)) return "The backend refuses this node's API key, or wants one: set the right key.";
  if (status === 429) return 'The backend takes no more requests with this API key for now.';
  const said = redacted(message).replaceAll(/\b(?:sk|key)-[\w*.-]{4,}/g, '***');
  return said || (status > 0 ? `the backend answered with status ${status}` : 'the backend failed');
}

/** OpenAI's limit on tokens has another name here and there; what the server names is what the client sent as a rule. */
function paramOf(reason: Reason, param: string | undefined): string | undefined {
  if (reason === 'model_not_found') return 'model';
  return reason === 'invalid_request' ? param : undefined;
}

function waitMs(retryAfter: string | undefined, now: number): number | undefined {
  if (retryAfter === undefined) return undefined;
  const seconds = Number(retryAfter);
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(retryAfter) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
