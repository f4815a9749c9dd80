import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where what tests download and build is kept between runs. May be deleted at any time. */
export function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'tutti');
}
