import { z } from 'zod';
import { logLevel, loopbackHost, milliseconds, port, readSettings } from '@tutti/runtime/settings';

const shape = {
  /** Where clients come. */
  port: port.default(3001),
  host: loopbackHost.default('127.0.0.1'),
  /** Where agents come. */
  grpcPort: port.default(50_051),
  /** Most requests that wait for a node. */
  queueSize: z.coerce.number().int().min(1).default(100),
  logLevel: logLevel.default('info'),
  /** Between two pings to an agent, and how long its answer may take. */
  keepaliveMs: milliseconds.default(10_000),
  keepaliveTimeoutMs: milliseconds.default(5_000),
  /** How long running requests may go on once the process has been told to stop. */
  shutdownGraceMs: milliseconds.default(120_000),
};

export type Config = z.infer<z.ZodObject<typeof shape>>;

export function readConfig(args: readonly string[], env: NodeJS.ProcessEnv): Config {
  return readSettings(shape, args, env);
}
