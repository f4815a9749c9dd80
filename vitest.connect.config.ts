import { defineConfig } from 'vitest/config';

/** The applications of docs/connect, as people install them. One at a time: each is a large program. */
export default defineConfig({
  test: {
    include: ['apps/e2e/src/connect/*.connect.ts'],
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    passWithNoTests: false,
  },
});
