import { ClusterError, type NodeAttributes, type NodeRecord } from '@tutti/core';
import type { NodeAttributes as GivenAttributes, NodeDeclaration } from '@tutti/proto/tutti/v1/node';
import { nodeNamePattern } from '../members/registration-rules.ts';

const trusts = ['local', 'cluster', 'cloud'] as const;
const kinds = ['agent', 'ollama'] as const;

const longestText = 256;
const mostItems = 64;

/** The declaration as it is kept; throws `invalid_request` with the field at fault. */
export function declarationFrom(declaration: NodeDeclaration): NodeRecord {
  const { name, host, port, attributes } = declaration;
  const kind = oneOf('kind', declaration.kind || 'agent', kinds);
  if (!nodeNamePattern.test(name)) throw wrong('name', 'must be 1 to 64 letters, digits, ".", "_" or "-"', name);
  if (host !== '' && !/^[\w.:%-]{1,253}$/.test(host))
    throw wrong('host', 'must be a host name or an address without a port', host);
  if (kind === 'ollama' && host === '') throw wrong('host', 'is needed for kind "ollama"', host);
  inRange('port', port, 0, 65_535);
  return {
    ...{ name, kind, attributes: attributes ? attributesFrom(attributes) : {} },
    ...(host !== '' && { host }),
    ...(port !== 0 && { port }),
  };
}

/** What is given of a node's attributes; throws `invalid_request` with the field at fault. */
export function attributesFrom(given: GivenAttributes): NodeAttributes {
  const { tier, weight, labels, trust, type, platform, capabilities } = given;
  if (tier !== undefined) inRange('tier', tier, 0, 100);
  if (weight !== undefined) inRange('weight', weight, 0, 1_000_000);
  fits('type', [type]);
  fits('platform', [platform]);
  fits('capabilities', capabilities);
  fits('labels', Object.keys(labels));
  fits('labels', Object.values(labels));
  return {
    ...(tier !== undefined && { tier }),
    ...(weight !== undefined && { weight }),
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(trust !== '' && { trust: oneOf('trust', trust, trusts) }),
    ...(type !== '' && { type }),
    ...(platform !== '' && { platform }),
    ...(capabilities.length > 0 && { capabilities }),
  };
}

function oneOf<T extends string>(param: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((other) => other === value);
  if (found !== undefined) return found;
  throw wrong(param, `must be one of ${allowed.join(', ')}`, value);
}

function inRange(param: string, value: number, min: number, max: number): void {
  if (value >= min && value <= max) return;
  throw wrong(param, `must be ${min} to ${max}`, String(value));
}

function fits(param: string, texts: readonly string[]): void {
  if (texts.length > mostItems) throw wrong(param, `may be ${mostItems} at most`, String(texts.length));
  const long = texts.find((text) => text.length > longestText);
  if (long !== undefined) throw wrong(param, `may have ${longestText} letters at most`, long);
}

function wrong(param: string, rule: string, value: string): ClusterError {
  const shown = value.length > 40 ? `${value.slice(0, 40)}…` : value;
  return new ClusterError('invalid_request', `${param} ${rule}, got "${shown.toWellFormed()}".`, { param });
}
