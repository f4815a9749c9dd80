import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where Tutti keeps what must last: `$XDG_DATA_HOME/tutti`. */
export function dataFolder(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'tutti');
}

/** Where Tutti keeps what can be fetched again: `$XDG_CACHE_HOME/tutti`. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tutti');
}
