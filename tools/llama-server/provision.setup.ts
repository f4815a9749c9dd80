import type { TestProject } from 'vitest/node';
import { provisionLlamaServer, type ProvisionedLlamaServer } from './provision.ts';

declare module 'vitest' {
  interface ProvidedContext {
    llamaServer: ProvisionedLlamaServer;
  }
}

/** Gives `inject('llamaServer')` to the suites that need a real one, and says so when there is none. */
export default async function setup(project: TestProject): Promise<void> {
  const provisioned = await provisionLlamaServer();
  if (!provisioned.available) console.log(`No real llama-server: ${provisioned.reason}.`);
  project.provide('llamaServer', provisioned);
}
