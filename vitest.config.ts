import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{apps,libs,bench,tools}/**/*.test.ts'],
    reporters: ['default', './tools/tally.ts'],
    // Most of the time is spent waiting for processes: two processors do more than one file at a time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 20_000,
    // Real processes on a machine that others use may be late once. What fails twice is broken; by hand, once is enough.
    retry: process.env['CI'] ? 1 : 0,
    hookTimeout: 60_000,
    passWithNoTests: false,
    restoreMocks: true,
  },
});
