import { loadConfig, type Config as Settings } from '@tutti/runtime/config';

export interface Config {
  /** Where clients come. */
  readonly port: number;
  readonly host: string;
  /** Where agents come. */
  readonly grpcPort: number;
  /** Most requests that wait for a node; it can change. */
  readonly queueSize: number;
  /** It can change. */
  readonly logLevel: string;
  readonly keepaliveMs: number;
  readonly keepaliveTimeoutMs: number;
  readonly shutdownGraceMs: number;
  /** All settings, with where they came from. */
  readonly settings: Settings;
}

/** `invalid_request` names every mistake in the flags, the environment and the file. */
export function readConfig(args: readonly string[], env: NodeJS.ProcessEnv): Config {
  const settings = loadConfig({ program: 'orchestrator', args, env, cwd: process.cwd() });
  const { port, host, grpcPort, keepaliveMs, keepaliveTimeoutMs, shutdownGraceMs } = settings.current.server;
  return {
    ...{ port, host, grpcPort, keepaliveMs, keepaliveTimeoutMs, shutdownGraceMs, settings },
    get queueSize() {
      return settings.current.server.queueSize;
    },
    get logLevel() {
      return settings.current.logging.level;
    },
  };
}
