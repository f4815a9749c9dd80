import { Unavailable } from '../../../../tools/ollama/run-command.ts';

/** An application as people install it, or one sentence that says why this machine cannot have it. */
export type Application =
  | { readonly available: true; readonly name: string; readonly version: string; readonly binFolder: string }
  | { readonly available: false; readonly name: string; readonly reason: string };

/** `install` gives the folder of its programs. What cannot be had is said once, on stderr. */
export async function application(name: string, version: string, install: () => Promise<string>): Promise<Application> {
  try {
    return { available: true, name, version, binFolder: await install() };
  } catch (thrown) {
    if (!(thrown instanceof Unavailable)) throw thrown;
    process.stderr.write(`${name}: skipped, ${thrown.message}\n`);
    return { available: false, name, reason: thrown.message };
  }
}
