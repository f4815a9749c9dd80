import type { TestProject } from 'vitest/node';
import { provisionOllama, type Provisioned } from './provision.ts';

declare module 'vitest' {
  interface ProvidedContext {
    ollama: Provisioned;
  }
}

/** Gives `inject('ollama')` to the suites that need a real one, and says so when there is none. */
export default async function setup(project: TestProject): Promise<void> {
  const provisioned = await provisionOllama();
  if (!provisioned.available) console.log(`No real Ollama on this machine: ${provisioned.reason}.`);
  project.provide('ollama', provisioned);
}
