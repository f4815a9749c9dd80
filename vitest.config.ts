import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{apps,libs,bench,tools}/**/*.test.ts'],
    reporters: ['default', './tools/tally.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    passWithNoTests: false,
    restoreMocks: true,
  },
});
