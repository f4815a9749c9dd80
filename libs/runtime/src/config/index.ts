export { configSchema } from './config-schema.ts';
export { initialConfig } from './initial-config.ts';
export {
  loadConfig,
  type Changed,
  type Config,
  type LoadOptions,
  type Reloaded,
  type SettingState,
} from './load-config.ts';
export { isLoopback } from './loopback.ts';
export { routeWarnings } from './route-types.ts';
export type { ConfigValues } from './schema.ts';
export type { Program } from './settings.ts';
