import {
  ClusterError,
  isPriorityName,
  matchesWildcard,
  priorities,
  roles,
  type Principal,
  type PriorityName,
  type Role,
} from '@tutti/core';
import type { CreateKeyRequest } from '@tutti/proto/tutti/v1/access';
import type { KeyFacts } from './key-ring.ts';
import { hasRole } from './permissions.ts';

const longestNameLetters = 64;
const mostModels = 100;
const mostRequestsPerMinute = 100_000;
const mostConcurrency = 10_000;
const longestTtlMs = 10 * 365 * 24 * 60 * 60_000;

const modelPattern = /^[\w.:/@*-]{1,256}$/;

/**
 * What a new key is made from, checked: `invalid_request` names the field. Nobody gives more than they have:
 * `forbidden`.
 */
export function readNewKey(request: CreateKeyRequest, grantor: Principal, now: number): KeyFacts {
  const role = roleOf(request.role);
  const models = modelsOf(request.models);
  const classes = classesOf(request.classes);
  const { modelsWrite, requestsPerMinute, concurrency, ttlMs } = request;
  if (!hasRole(grantor, role)) throw tooMuch(`the role ${role}`, 'role');
  if (modelsWrite && !grantor.modelsWrite) throw tooMuch('the right to change models', 'modelsWrite');
  if (!coversModels(grantor, models)) throw tooMuch('all of these models', 'models');
  if (!coversClasses(grantor, classes)) throw tooMuch('all of these priorities', 'classes');
  requireWhole('requestsPerMinute', requestsPerMinute, mostRequestsPerMinute);
  requireWhole('concurrency', concurrency, mostConcurrency);
  return {
    name: nameOf(request.name),
    role,
    modelsWrite,
    ...(models.length > 0 && { models }),
    ...(classes.length > 0 && { classes }),
    ...(requestsPerMinute !== undefined && { requestsPerMinute }),
    ...(concurrency !== undefined && { concurrency }),
    ...(ttlMs !== undefined && { expiresAt: now + checkedTtl(ttlMs) }),
  };
}

function nameOf(text: string): string {
  const name = text.trim();
  if (name !== '' && name.length <= longestNameLetters && !/\p{C}/u.test(name)) return name;
  throw invalid('name', `must be 1 to ${longestNameLetters} visible characters`);
}

function roleOf(text: string): Role {
  const role = roles.find((known) => known === (text || 'user'));
  if (role) return role;
  throw invalid('role', `must be one of ${roles.join(', ')}`);
}

function modelsOf(patterns: readonly string[]): string[] {
  if (patterns.length > mostModels) throw invalid('models', `must be at most ${mostModels}`);
  if (patterns.every((pattern) => modelPattern.test(pattern))) return [...new Set(patterns)];
  throw invalid('models', 'must be names of models, in which "*" stands for any letters');
}

function classesOf(names: readonly string[]): PriorityName[] {
  if (names.every(isPriorityName)) return [...new Set(names)];
  throw invalid('classes', `must be of ${Object.keys(priorities).join(', ')}`);
}

function requireWhole(param: string, value: number | undefined, most: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= 1 && value <= most)) return;
  throw invalid(param, `must be a whole number from 1 to ${most}`);
}

function checkedTtl(ttlMs: number): number {
  if (ttlMs >= 1 && ttlMs <= longestTtlMs) return Math.floor(ttlMs);
  throw invalid('ttlMs', `must be from 1 to ${longestTtlMs} milliseconds, ten years`);
}

/** A pattern is covered by one that matches it, "*" and all. None at all is every model. */
function coversModels({ models: own }: Principal, models: readonly string[]): boolean {
  if (own === undefined) return true;
  return models.length > 0 && models.every((model) => own.some((pattern) => matchesWildcard(pattern, model)));
}

function coversClasses({ classes: own }: Principal, classes: readonly PriorityName[]): boolean {
  return own === undefined || (classes.length > 0 && classes.every((name) => own.includes(priorities[name])));
}

function invalid(param: string, rule: string): ClusterError {
  return new ClusterError('invalid_request', `${param} ${rule}.`, { param });
}

function tooMuch(what: string, param: string): ClusterError {
  return new ClusterError('forbidden', `Nobody can give more than they have, and your key has not ${what}.`, { param });
}
