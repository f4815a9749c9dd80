import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { mutationRun } from './mutation-run.ts';
import { killedShare, reportText } from './report.ts';
import { sample } from './sample.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Fixed, so that a run can be told from the last only by the code. */
const seed = 20261122;

test('the tests of the core notice most of ten changes to it', async () => {
  // With the quick tests alone: `npm run mutants` takes all of them.
  const tests = [
    'libs/core/src/{fallback,permitted,resumed,retried,timed}.test.ts',
    'libs/core/src/failure/{attempts,breaker,circuit,quarantine}.test.ts',
  ];
  const files =
    'libs/core/src/{fallback,permitted,retried,resumed,timed,failure/{allowance,attempts,breaker,circuit,quarantine}}.ts';
  const verdicts = await mutationRun({
    ...{ root, folders: ['libs', 'proto'], tests, silenceMs: 4_000, jobs: 1 },
    draw: (copy) => sample(copy, files, 10, seed),
  });

  expect(verdicts).toHaveLength(10);
  expect(killedShare(verdicts), reportText(verdicts, [])).toBeGreaterThanOrEqual(0.7);
}, 120_000);
