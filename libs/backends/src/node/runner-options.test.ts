import { expect, it } from 'vitest';
import { runnerOptionsOf, withRunnerOptions } from './runner-options.ts';

it.each([
  ['', ''],
  ['{}', ''],
  ['{"temperature":0.1,"num_predict":3,"num_ctx":8192}', ''],
  ['{"use_mmap":true,"num_batch":512,"temperature":1.0}', '{"num_batch":512,"use_mmap":true}'],
  ['{"num_thread":2,"num_thread":4}', '{"num_thread":4}'],
  ['{"num_gpu":-1,"num_thread":null}', ''],
  ['{"num_gpu":0}', '{"num_gpu":0}'],
])('of %s are %j', (options, expected) => {
  expect(runnerOptionsOf(options)).toBe(expected);
});

it('go into the options of a call, and leave the others as they were written', () => {
  expect(withRunnerOptions('{"temperature":1.0,"num_gpu":-1}', '{"num_gpu":3}')).toBe(
    '{"temperature":1.0,"num_gpu":3}',
  );
  expect(withRunnerOptions('', '{"num_gpu":3}')).toBe('{"num_gpu":3}');
  expect(withRunnerOptions('{"seed": 1}', '')).toBe('{"seed": 1}');
});
