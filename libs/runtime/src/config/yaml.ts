import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';

const require = createRequire(import.meta.url);

/** Reads and writes YAML. It is read when it is first needed: it is large, and most processes have no file of settings. */
export function yaml(): typeof Yaml {
  return require('yaml') as typeof Yaml;
}
