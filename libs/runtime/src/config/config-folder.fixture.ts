import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { loadConfig, type Config } from './load-config.ts';
import type { Program } from './settings.ts';

interface ConfigFolder {
  readonly cwd: string;
  /** Writes a file, relative to the working folder. */
  write(name: string, text: string | Uint8Array): string;
  /** Loads the settings; the user's own folder is `home` in the working folder. */
  load(args?: readonly string[], env?: NodeJS.ProcessEnv, program?: Program): Config;
}

/** A working folder that lasts as long as the test. */
export function configFolder(files: Readonly<Record<string, string>> = {}): ConfigFolder {
  const cwd = mkdtempSync(join(tmpdir(), 'tutti-config-'));
  onTestFinished(() => rmSync(cwd, { recursive: true }));
  const write = (name: string, text: string | Uint8Array): string => {
    const path = join(cwd, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  };
  for (const [name, text] of Object.entries(files)) write(name, text);
  return {
    cwd,
    write,
    load: (args = [], env = {}, program = 'orchestrator') =>
      loadConfig({ program, args, env: { XDG_CONFIG_HOME: join(cwd, 'home'), ...env }, cwd }),
  };
}
