import { dirname, join } from 'node:path';
import { cached } from '../../../../tools/ollama/cached.ts';
import { cacheFolder } from '../../../../tools/ollama/cache-folder.ts';
import { runCommand } from '../../../../tools/ollama/run-command.ts';
import { application, type Application } from './application.ts';

/** A package of npm with a program; installed once a machine. Its scripts run, as they do for people. */
export function fromNpm(name: string, version: string): Promise<Application> {
  const place = join(cacheFolder(), 'connect', `${name.replaceAll('/', '-')}-${version}`);
  return application(name, version, async () => {
    await cached(place, async (target) => {
      const quiet = ['--no-audit', '--no-fund', '--loglevel', 'error'];
      // With the Node that the tests run on: applications refuse older ones.
      const env = { PATH: `${dirname(process.execPath)}:${process.env['PATH']}` };
      await runCommand('npm', ['install', '--prefix', target, ...quiet, `${name}@${version}`], env);
    });
    return join(place, 'node_modules', '.bin');
  });
}
