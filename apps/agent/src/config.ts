import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { backends } from '@tutti/backends';
import { cacheFolder, dataFolder } from '@tutti/runtime/folders';
import { logLevel, loopbackHost, milliseconds, port, readSettings } from '@tutti/runtime/settings';

const count = z.coerce.number().int().min(1).max(100_000);

const shape = (env: NodeJS.ProcessEnv) => ({
  port: port.default(3000),
  host: loopbackHost.default('127.0.0.1'),
  /** Name of this node for people. */
  name: z
    .string()
    .regex(/^[\w.-]{1,64}$/, 'use up to 64 letters, digits, ".", "_" and "-"')
    .default(plainHostname()),
  /** Orchestrators to register with: "host:port", separated by commas. */
  orchestrators: z
    .string()
    .default('127.0.0.1:50051')
    .transform((list) =>
      list
        .split(',')
        .map((address) => address.trim())
        .filter(Boolean),
    ),
  /** "auto": Ollama if it answers, else the embedded engine with a small model, else the echo. */
  backend: z.enum(['auto', ...(Object.keys(backends) as (keyof typeof backends)[])]).default('ollama'),
  /** Ollama's address; `/api` at its end is dropped. */
  llamaBaseUrl: z.string().optional(),
  ollamaHost: z.string().optional(),
  /** A GGUF file for the embedded engine, and the name that clients use for it. */
  modelFile: z.string().optional(),
  modelName: z.string().default('default:latest'),
  /** Threads of the embedded engine. */
  threads: count.optional(),
  /** Most calls at a time on this node. */
  queueConcurrency: count.default(5),
  /** Most calls at a time on one model; Ollama reads the same variable. */
  ollamaNumParallel: count.default(1),
  dataFolder: z.string().default(join(dataFolder(env), 'agent')),
  cacheFolder: z.string().default(cacheFolder(env)),
  logLevel: logLevel.default('info'),
  keepaliveMs: milliseconds.default(10_000),
  keepaliveTimeoutMs: milliseconds.default(5_000),
  shutdownGraceMs: milliseconds.default(120_000),
});

/** What a host is called may be anything; a node's name goes into headers and logs. */
function plainHostname(): string {
  return (
    hostname()
      .replaceAll(/[^\w.-]/g, '-')
      .slice(0, 64) || 'node'
  );
}

export type Config = z.infer<z.ZodObject<ReturnType<typeof shape>>>;

export function readConfig(args: readonly string[], env: NodeJS.ProcessEnv): Config {
  return readSettings(shape(env), args, env);
}
