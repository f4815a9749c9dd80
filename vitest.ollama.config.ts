import { defineConfig } from 'vitest/config';

/**
 * Suites that need a real Ollama, which is provisioned first: that may take minutes. Some need a real llama-server,
 * which LLAMA_SERVER names. They are skipped where there is none.
 */
export default defineConfig({
  test: {
    include: ['{apps,libs,tools}/**/*.ollama.ts'],
    globalSetup: ['./tools/ollama/provision.setup.ts', './tools/llama-server/provision.setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    passWithNoTests: false,
  },
});
