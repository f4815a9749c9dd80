import { join } from 'node:path';
import type { backends } from '@tutti/backends';
import { loadConfig, type Config as Settings, type ConfigValues } from '@tutti/runtime/config';

type AgentValues = ConfigValues['agent'];

export interface Config extends AgentValues {
  readonly backend: 'auto' | keyof typeof backends;
  /** The agent's own part of the data folder: a machine may run an orchestrator as well. */
  readonly dataFolder: string;
  readonly cacheFolder: string;
  /** It can change. */
  readonly logLevel: string;
  /** All settings, with where they came from. */
  readonly settings: Settings;
}

/** `invalid_request` names every mistake in the flags, the environment and the file. */
export function readConfig(args: readonly string[], env: NodeJS.ProcessEnv): Config {
  const settings = loadConfig({ program: 'agent', args, env, cwd: process.cwd() });
  const { agent, dataFolder, cacheFolder } = settings.current;
  return {
    ...agent,
    dataFolder: join(dataFolder, 'agent'),
    cacheFolder,
    settings,
    get logLevel() {
      return settings.current.logging.level;
    },
  };
}
