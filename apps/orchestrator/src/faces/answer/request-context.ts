import type { FastifyRequest } from 'fastify';
import {
  ClusterError,
  priorities,
  Priority,
  Privacy,
  type Context,
  type Principal,
  type RunCaller,
  type Ticket,
} from '@tutti/core';

const privacies: Readonly<Record<string, Privacy>> = {
  local: Privacy.LOCAL,
  cluster: Privacy.CLUSTER,
  any: Privacy.ANY,
};

const largestTier = 100;

const cacheHeader = 'x-tutti-cache';

const parametersHeader = 'x-tutti-parameters';

/** A list of models that may answer in place of another is read from the front; more would hardly be reached. */
const mostFallbacks = 8;

/** The value of a header; undefined: there is none. */
type Header = (name: string) => string | undefined;

/** What a request's headers say about how its call is to be run. A wish that cannot be kept is refused, never ignored. */
export function readContext(request: FastifyRequest, signal: AbortSignal, ticket: Ticket): Context {
  const header: Header = (name) => {
    const value = request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  const traceparent = header('traceparent');
  const cache = choice(header, cacheHeader, { use: 'use' as const, bypass: 'bypass' as const });
  const parameters = choice(header, parametersHeader, { auto: 'auto' as const });
  return {
    ...readCaller(header, request.principal),
    ...{
      signal,
      requestId: request.id,
      ticket,
      ...(traceparent && { traceparent }),
      ...(parameters && { parameters }),
      ...(cache && { cache }),
    },
  };
}

/** Whether the cluster is asked to choose the sampling options that the request does not set. */
export function leavesParameters({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return headers[parametersHeader] === 'auto';
}

/** The part of that which holds for all calls of a run. */
export function readCaller(header: Header, principal: Principal): RunCaller {
  const pin = header('x-tutti-node');
  const tier = tierOf(header);
  const resume = choice(header, 'x-tutti-resume', { continue: true });
  const fallback = fallbackOf(header);
  return {
    principal,
    priority: choice(header, 'x-tutti-priority', priorities) ?? usualPriority(principal),
    privacy: choice(header, 'x-tutti-privacy', privacies) ?? Privacy.CLUSTER,
    hops: hopsOf(header),
    ...(pin && { pin }),
    ...(tier !== undefined && { tier }),
    ...(resume && { resume }),
    ...(fallback && { fallback }),
  };
}

/** Most clients cannot ask for a priority: then it is one that their key may have. */
function usualPriority({ classes }: Principal): Priority {
  return !classes || classes.includes(Priority.DEFAULT) ? Priority.DEFAULT : (classes[0] ?? Priority.DEFAULT);
}

function hopsOf(header: Header): number {
  const text = header('x-tutti-hops') ?? '0';
  if (/^\d{1,3}$/.test(text)) return Number(text);
  return refuse('x-tutti-hops', 'must be a small number', text);
}

function tierOf(header: Header): number | undefined {
  const text = header('x-tutti-tier');
  if (text === undefined) return undefined;
  if (/^\d{1,3}$/.test(text) && Number(text) <= largestTier) return Number(text);
  return refuse('x-tutti-tier', `must be a whole number from 0 to ${largestTier}`, text);
}

function fallbackOf(header: Header): string[] | undefined {
  const text = header('x-tutti-fallback');
  if (text === undefined) return undefined;
  const models = text.split(',').map((name) => name.trim());
  if (models.length > mostFallbacks) refuse('x-tutti-fallback', `must name at most ${mostFallbacks} models`, text);
  if (!models.every(isModelName)) refuse('x-tutti-fallback', 'must be names of models with commas between', text);
  return [...new Set(models)];
}

function isModelName(text: string): boolean {
  return /^[\w.:/@-]{1,200}$/.test(text);
}

function choice<T>(header: Header, name: string, choices: Readonly<Record<string, T>>): T | undefined {
  const value = header(name);
  if (value === undefined) return undefined;
  if (Object.hasOwn(choices, value)) return choices[value];
  return refuse(name, `must be ${oneOf(Object.keys(choices))}`, value);
}

function oneOf(names: readonly string[]): string {
  return names.length === 1 ? names[0]! : `one of ${names.join(', ')}`;
}

const longestShown = 100;

function refuse(param: string, rule: string, value: string): never {
  const shown = value.length > longestShown ? `${value.slice(0, longestShown)}…` : value;
  throw new ClusterError('invalid_request', `${param} ${rule}, got "${shown}".`, { param });
}
