import type { IncomingHttpHeaders } from 'node:http';
import { ClusterError } from '@tutti/core';

/** Where a model is to be: on so many nodes, on these, or on all that can. */
export type Placement =
  | { readonly kind: 'count'; readonly count: number }
  | { readonly kind: 'nodes'; readonly names: readonly string[] }
  | { readonly kind: 'all' };

const header = 'x-tutti-placement';
const pinHeader = 'x-tutti-node';
const mostNodes = 1_000;

/** What the headers say of that; undefined: it is left to us. */
export function readPlacement(headers: IncomingHttpHeaders): Placement | undefined {
  const text = one(headers[header]);
  const pin = one(headers[pinHeader]);
  if (text === undefined) return pin === undefined ? undefined : { kind: 'nodes', names: [pin] };
  if (pin !== undefined) throw refused(`${header} and ${pinHeader} exclude each other; send one of them.`);
  if (text === 'all') return { kind: 'all' };
  if (/^\d+$/.test(text)) return countOf(text);
  const names = text.split(',').map((name) => name.trim());
  if (names.every((name) => /^\w[\w.-]{0,99}$/.test(name))) return { kind: 'nodes', names: [...new Set(names)] };
  throw refused(`${header} must be a count, names of nodes with commas between, or all, got "${text.slice(0, 100)}".`);
}

function countOf(text: string): Placement {
  const count = Number(text);
  if (count >= 1 && count <= mostNodes) return { kind: 'count', count };
  throw refused(`${header} must be a count from 1 to ${mostNodes}, got "${text.slice(0, 100)}".`);
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function refused(message: string): ClusterError {
  return new ClusterError('invalid_request', message, { param: header });
}
