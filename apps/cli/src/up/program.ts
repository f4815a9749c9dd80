import { fileURLToPath } from 'node:url';

/** The file to start one of our programs by. */
export function programFile(name: 'agent' | 'orchestrator'): string {
  return fileURLToPath(import.meta.resolve(`@tutti/${name}/main`));
}
