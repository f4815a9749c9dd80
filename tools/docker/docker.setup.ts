import type { TestProject } from 'vitest/node';
import { Unavailable } from '../ollama/run-command.ts';
import { needDockerDaemon } from './docker-daemon.ts';
import { buildImage, needImage } from './docker-images.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Why suites of containers are skipped; '' where they run. Those of compose need an Ollama as well. */
    dockerSkips: { readonly containers: string; readonly compose: string };
  }
}

/** Gives `inject('dockerSkips')`, with both images built; says what cannot be had. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const provide = (containers: string, compose: string): void => {
    for (const reason of new Set([containers, compose])) if (reason) console.log(`Skipped: ${reason}.`);
    project.provide('dockerSkips', { containers, compose });
  };
  const daemon = await orReason(needDockerDaemon());
  if (typeof daemon === 'string') {
    provide(daemon, daemon);
    return async () => {};
  }
  // The reaper is an image that would have to be pulled. The suites clean up after themselves.
  process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';
  try {
    const missing = await orReason(needImage('node').then(() => needImage('mongo')));
    if (missing) {
      provide(missing, missing);
    } else {
      provide('', (await orReason(needImage('ollama'))) ?? '');
      await buildImage('orchestrator');
      await buildImage('agent');
    }
  } catch (error) {
    await daemon.stop();
    throw error;
  }
  return () => daemon.stop();
}

/** What it gives, or why it cannot be had. */
async function orReason<T>(work: Promise<T>): Promise<T | string> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Unavailable) return error.message;
    throw error;
  }
}
