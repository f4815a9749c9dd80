import { defineConfig } from 'vitest/config';

/** Suites that need Docker. A daemon is started where none runs and one may be; they are skipped where there is none. */
export default defineConfig({
  test: {
    include: ['apps/e2e/src/**/*.docker.ts'],
    globalSetup: ['./tools/docker/docker.setup.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 300_000,
    passWithNoTests: false,
  },
});
