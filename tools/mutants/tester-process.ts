import { relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createVitest, type TestModule, type TestSequencer, type TestSpecification, type Vitest } from 'vitest/node';
import type { TestFile, TesterMessage, TestRun } from './messages.ts';

// A process of its own, as a mutant may loop for ever. Vitest stays warm in it from one mutant to the next.

const { values } = parseArgs({
  options: {
    root: { type: 'string', default: '.' },
    tests: { type: 'string', multiple: true, default: [] },
    isolate: { type: 'boolean', default: false },
  },
});
const root = resolve(values.root);

class InOrder implements TestSequencer {
  shard(files: TestSpecification[]): TestSpecification[] {
    return files;
  }
  sort(files: TestSpecification[]): TestSpecification[] {
    return files;
  }
}

let bail = true;
let changed: string | undefined;
const failures: string[] = [];

function fail(name: string): void {
  failures.push(name);
  if (bail) void vitest.cancelCurrentRun('test-failure');
}

// How long a test may take is for the parent to say, which hears of each that ends.
const vitest: Vitest = await createVitest('test', {
  ...{ root, config: false, watch: false, include: values.tests, testTimeout: 0 },
  ...{ pool: 'threads', maxWorkers: 1, fileParallelism: false, isolate: values.isolate },
  // Tests run in the order in which they are asked for.
  sequence: { sequencer: InOrder },
  experimental: { importDurations: { limit: Infinity } },
  reporters: [
    {
      onTestCaseResult(test) {
        send({ type: 'progress' });
        if (test.result().state === 'failed') fail(test.fullName);
      },
      onTestModuleEnd(module) {
        if (module.errors().length > 0) fail(module.relativeModuleId);
      },
    },
  ],
});
await vitest.standalone();
const specifications = new Map<string, TestSpecification>();
for (const one of await vitest.globTestSpecifications()) specifications.set(relative(root, one.moduleId), one);

process.on('message', (run: TestRun) => void start(run));
process.on('disconnect', () => process.exit());
send({ type: 'ready' });

async function start(run: TestRun): Promise<void> {
  bail = run.bail;
  failures.length = 0;
  // What the last run changed has been put back since.
  for (const path of [changed, run.changed]) if (path) vitest.invalidateFile(resolve(root, path));
  changed = run.changed;
  const wanted = run.tests?.flatMap((path) => specifications.get(path) ?? []) ?? [...specifications.values()];
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(wanted);
  if (unhandledErrors.length > 0) failures.push('an error that nobody handled');
  for (const module of testModules) if (!module.ok()) failures.push(module.relativeModuleId);
  send({ type: 'done', files: testModules.map(describe), failures });
}

function describe(module: TestModule): TestFile {
  const { duration, importDurations } = module.diagnostic();
  return {
    path: relative(root, module.moduleId),
    durationMs: Math.round(duration),
    imports: Object.keys(importDurations).map((path) => relative(root, path)),
  };
}

function send(message: TesterMessage): void {
  process.send?.(message);
}
