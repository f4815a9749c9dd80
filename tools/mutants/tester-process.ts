import { relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createVitest, type TestModule, type TestSequencer, type TestSpecification, type Vitest } from 'vitest/node';
import type { TestFailure, TestFile, TesterMessage, TestRun } from './messages.ts';

// A process of its own, as a mutant may loop for ever. What Vitest has transformed stays warm in it from one mutant to
// the next; each test file has a fresh worker, so nothing else of a mutant stays.

const { values } = parseArgs({
  options: {
    root: { type: 'string', default: '.' },
    tests: { type: 'string', multiple: true, default: [] },
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

let changed: string | undefined;
let failure: TestFailure | undefined;
let files: TestFile[] = [];

function fail(by: string, isTest: boolean): void {
  if (failure) return;
  failure = { by, isTest };
  void vitest.cancelCurrentRun('test-failure');
}

// How long a test may take is for the parent to say, which hears of each that ends.
const vitest: Vitest = await createVitest('test', {
  ...{ root, config: false, watch: false, include: values.tests, testTimeout: 0, fsModuleCache: false },
  ...{ pool: 'threads', maxWorkers: 1, fileParallelism: false, isolate: true },
  // Tests run in the order in which they are asked for.
  sequence: { sequencer: InOrder },
  experimental: { importDurations: { limit: Infinity } },
  reporters: [
    {
      onTestCaseResult(test) {
        send({ type: 'progress' });
        if (test.result().state === 'failed') fail(test.fullName, true);
      },
      // Of this run alone: Vitest remembers the modules of earlier runs too, with what failed in them.
      onTestModuleEnd(module) {
        files.push(describe(module));
        if (module.ok()) return;
        const [error] = module.errors();
        fail(`${relative(root, module.moduleId)}: ${firstLine(error?.message ?? 'a hook failed')}`, false);
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
  failure = undefined;
  files = [];
  // What the last run changed has been put back since.
  for (const path of [changed, run.changed]) if (path) vitest.invalidateFile(resolve(root, path));
  changed = run.changed;
  const wanted = run.tests?.flatMap((path) => specifications.get(path) ?? []) ?? [...specifications.values()];
  const { unhandledErrors } = await vitest.runTestSpecifications(wanted);
  const [error] = unhandledErrors as readonly Partial<Error>[];
  if (error) failure ??= { by: `an error that nobody handled: ${firstLine(error.message ?? '')}`, isTest: false };
  send({ type: 'done', files, ...(failure ? { failure } : {}) });
}

function describe(module: TestModule): TestFile {
  const { duration, importDurations } = module.diagnostic();
  return {
    path: relative(root, module.moduleId),
    durationMs: Math.round(duration),
    imports: Object.keys(importDurations).map((path) => relative(root, path)),
  };
}

function firstLine(text: string): string {
  return text.split('\n', 1).join();
}

function send(message: TesterMessage): void {
  process.send?.(message);
}
