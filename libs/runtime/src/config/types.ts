import { z } from 'zod';
import { logLevels } from '@tutti/core';

// Every type here also takes text, as flags and the environment give it. `error` says what is allowed.

/** A TCP port; 0 lets the system choose one. */
export const port = wholeNumber(0, 65_535);

export const count = wholeNumber(1, 100_000);

/** No timer can wait longer. */
const longestMs = 2 ** 31 - 1;

export const milliseconds = number(0, longestMs);

export const seconds = number(0.1, Math.floor(longestMs / 1_000));

/** An amount of memory, in bytes or as people write it; a GB is 1024 MB. */
export const bytes = z
  .union([z.number().min(1), z.string().regex(/^\d{1,12}(\.\d{1,6})?\s?([KMGT]i?)?B?$/i)], {
    error: 'use a number of bytes, or one with KB, MB, GB or TB, for example 8GB',
  })
  .transform(bytesFrom);

export const logLevel = z.enum(logLevels);

export const text = z.string().min(1);

/** Name of a node: goes into headers and logs. */
export const nodeName = z.string().regex(/^[\w.-]{1,64}$/, 'use up to 64 letters, digits, ".", "_" and "-"');

/** An address or a host name without a port. */
export const hostName = z
  .string()
  .regex(/^[\w.:%-]{1,253}$/, 'use an address or a host name without a port, for example 192.168.1.10');

const agentsPort = 50_051;

/** Where an orchestrator listens for agents: "host:port", the usual port if none is given. */
export const orchestratorAddress = z
  .string()
  .regex(
    /^(\[[\da-f:.]+\]|[\w.-]{1,253})(:\d{1,5})?$/i,
    'use host or host:port, for example 192.168.1.10:50051; an IPv6 address goes in brackets',
  )
  .overwrite((address) => (/:\d{1,5}$/.test(address) ? address : `${address}:${agentsPort}`));

/** An address or a range of addresses. */
export const network = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
  error: 'use an address or a range, for example 10.0.0.0/8',
});

/** What a browser sends as Origin. */
export const origin = z
  .string()
  .regex(
    /^(\*|[a-z][a-z\d+.-]*:\/\/[^/\s]+)$/,
    'use scheme://host[:port] in lower case, for example https://chat.example.org',
  );

/** The beginning of the URLs of some pages: a whole host, or a folder of it. */
export const pageAddress = z.url({
  protocol: /^https?$/,
  error: 'use http:// or https:// and a host, for example https://docs.example.org/guide/',
});

/** Where a model server's API is. */
export const serverAddress = z.url({
  protocol: /^https?$/,
  error: 'use http:// or https:// and a host, for example http://192.168.1.10:8080/v1',
});

export const truth = z.preprocess(
  (value) => (typeof value === 'string' ? (truths.get(value.toLowerCase()) ?? value) : value),
  z.boolean(),
);

const truths = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

export function wholeNumber(min: number, max: number) {
  const error = `use a whole number from ${min} to ${max}`;
  return z.preprocess(numberFromText, z.number({ error }).int({ error }).min(min, { error }).max(max, { error }));
}

export function number(min: number, max: number) {
  const error = `use a number from ${min} to ${max}`;
  return z.preprocess(numberFromText, z.number({ error }).min(min, { error }).max(max, { error }));
}

const mostItems = 1_000;

/** As text: items separated by commas, or JSON. */
export function list<T extends z.ZodType>(item: T) {
  return z.preprocess(listFromText, z.array(item).max(mostItems, { error: `use at most ${mostItems} items` }));
}

/** As text: JSON. */
export function fromJson<T extends z.ZodType>(type: T) {
  return z.preprocess(jsonFromText, type);
}

function numberFromText(value: unknown): unknown {
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value;
}

function bytesFrom(value: number | string): number {
  if (typeof value === 'number') return value;
  const [unit = ''] = /[KMGT]/i.exec(value) ?? [];
  return Math.round(parseFloat(value) * 1_024 ** ' KMGT'.indexOf(unit.toUpperCase() || ' '));
}

function listFromText(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (value.trimStart().startsWith('[')) return jsonFromText(value);
  return value
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
}

function jsonFromText(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
