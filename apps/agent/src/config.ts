import { join } from 'node:path';
import type { backends, ServerSettings } from '@tutti/backends';
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

/** How to reach the server of the backends that speak somebody else's API. */
export function serversOf(config: AgentValues): { openai?: ServerSettings; anthropic?: ServerSettings } {
  const { openaiBaseUrl, openaiApiKey, anthropicBaseUrl, anthropicApiKey, models, slots, trust, strict } = config;
  const common = { models, slots, trust, strict };
  return {
    ...(openaiBaseUrl !== undefined && { openai: { ...common, url: openaiBaseUrl, apiKey: openaiApiKey } }),
    ...(anthropicBaseUrl !== undefined && { anthropic: { ...common, url: anthropicBaseUrl, apiKey: anthropicApiKey } }),
  };
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
