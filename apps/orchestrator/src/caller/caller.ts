import { ClusterError, priorities, Priority, Privacy, type Principal } from '@tutti/core';
import type { RunCaller } from '@tutti/core/patterns';
import { choice, refuse, type Header } from './header.ts';

const privacies: Readonly<Record<string, Privacy>> = {
  local: Privacy.LOCAL,
  cluster: Privacy.CLUSTER,
  any: Privacy.ANY,
};

const largestTier = 100;

/** A list of models that may answer in place of another is read from the front; more would hardly be reached. */
const mostFallbacks = 8;

/** Who asks, and what the headers wish for all calls of that request or run. Refuses a wish that cannot be kept. */
export function readCaller(header: Header, principal: Principal): RunCaller {
  const pin = header('x-tutti-node');
  const tier = tierOf(header);
  const resume = choice(header, 'x-tutti-resume', { continue: true });
  const fallback = fallbackOf(header);
  return {
    principal,
    priority: choice(header, 'x-tutti-priority', priorities) ?? usualPriority(principal),
    privacy: readPrivacy(header),
    hops: hopsOf(header),
    ...(pin && { pin }),
    ...(tier !== undefined && { tier }),
    ...(resume && { resume }),
    ...(fallback && { fallback }),
  };
}

/** How far the text may travel. */
export function readPrivacy(header: Header): Privacy {
  return choice(header, 'x-tutti-privacy', privacies) ?? Privacy.CLUSTER;
}

/**
 * As `readCaller`, for what the store keeps, as `what` says in the plural: it may be on another machine, so a text that may
 * not leave this one is refused.
 */
export function readKeptCaller(header: Header, principal: Principal, what: string): RunCaller {
  const caller = readCaller(header, principal);
  if (caller.privacy !== Privacy.LOCAL) return caller;
  const message = `With x-tutti-privacy: local nothing is written to the store, which keeps ${what}. Leave it out, or send a chat.`;
  throw new ClusterError('invalid_request', message, { param: 'x-tutti-privacy' });
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
