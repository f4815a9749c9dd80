import type { Reporter, TestCase, TestModule } from 'vitest/node';

/**
 * Prints each failure on a line of its own, then `N passed, N failed` alone on the last line: the end of a long log tells what broke.
 * A file that cannot be loaded counts as a failure; so does an empty run.
 */
export default class Tally implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly { message: string }[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const passed = tests.filter((test) => test.result().state === 'passed').length;
    const failures = [
      ...tests.filter((test) => test.result().state === 'failed').map(failedTest),
      ...modules.flatMap((module) =>
        module.errors().map((error) => `${module.relativeModuleId}: ${firstLine(error.message)}`),
      ),
      ...errors.map((error) => `outside of a test: ${firstLine(error.message)}`),
      ...(passed === 0 ? ['no test passed'] : []),
    ];
    process.on('exit', () => {
      const lines = failures.map((failure) => `failed: ${failure}\n`).join('');
      process.stdout.write(`\n${lines}${passed} passed, ${failures.length} failed\n`);
    });
  }
}

function failedTest(test: TestCase): string {
  const [error] = test.result().errors ?? [];
  return `${test.module.relativeModuleId} > ${test.fullName}: ${firstLine(error?.message ?? 'no error given')}`;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
