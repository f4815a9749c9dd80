import { defineConfig } from 'vitest/config';

/** Suites that need a real Ollama. It is provisioned first, which may take minutes; they are skipped where it cannot be. */
export default defineConfig({
  test: {
    include: ['{apps,libs,tools}/**/*.ollama.ts'],
    globalSetup: ['./tools/ollama/provision.setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    passWithNoTests: false,
  },
});
