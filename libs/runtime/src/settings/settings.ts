import { parseArgs } from 'node:util';
import { z } from 'zod';
import { ClusterError } from '@tutti/core';

/** A TCP port; 0 lets the system choose one. */
export const port = z.coerce.number().int().min(0).max(65_535);

export const milliseconds = z.coerce.number().min(0);

/** An address of this machine only. Until keys and certificates are built, nothing listens wider. */
export const loopbackHost = z.string().refine((host) => ['127.0.0.1', '::1', 'localhost'].includes(host), {
  error: 'only 127.0.0.1, ::1 and localhost can be served: access from other machines is not implemented yet',
});

export const logLevel = z.enum(['error', 'warn', 'info', 'debug']);

/**
 * A program's settings: flag before environment before default. The environment's name of `queueSize` is QUEUE_SIZE,
 * its flag `--queue-size`. `invalid_request` names the setting, the value seen and what is allowed.
 */
export function readSettings<S extends z.ZodRawShape>(
  shape: S,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): z.infer<z.ZodObject<S>> {
  const keys = Object.keys(shape);
  const flags = readFlags(keys, args);
  const raw = Object.fromEntries(keys.map((key) => [key, flags[kebab(key)] ?? (env[envName(key)] || undefined)]));
  const result = z.object(shape).safeParse(raw);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => {
    const key = String(path[0]);
    return `${envName(key)} (--${kebab(key)}) is ${JSON.stringify(raw[key])}: ${message}`;
  });
  throw new ClusterError('invalid_request', problems.join('; '));
}

function readFlags(keys: readonly string[], args: readonly string[]): Record<string, string | undefined> {
  const options = Object.fromEntries(keys.map((key) => [kebab(key), { type: 'string' }] as const));
  try {
    return parseArgs({ args: [...args], options, strict: true }).values;
  } catch (error) {
    const known = keys.map((key) => `--${kebab(key)}`).join(', ');
    throw new ClusterError('invalid_request', `${(error as Error).message}. Known flags: ${known}.`, { cause: error });
  }
}

function kebab(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function envName(key: string): string {
  return kebab(key).replaceAll('-', '_').toUpperCase();
}
