import type { Reporter, TestModule } from 'vitest/node';

/** Prints `N passed, N failed` alone on the last line. A file that cannot be loaded counts as a failure; so does an empty run. */
export default class Tally implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state));
    const passed = tests.filter((state) => state === 'passed').length;
    const broken = modules.filter((module) => module.errors().length > 0).length;
    const failed = tests.filter((state) => state === 'failed').length + broken + errors.length + (passed === 0 ? 1 : 0);
    process.on('exit', () => process.stdout.write(`\n${passed} passed, ${failed} failed\n`));
  }
}
