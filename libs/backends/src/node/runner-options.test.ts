import { expect, it } from 'vitest';
import { withRunnerOptions } from './runner-options.ts';

it('go into the options of a call, and leave the others as they were written', () => {
  expect(withRunnerOptions('{"temperature":1.0,"num_gpu":-1}', '{"num_gpu":3}')).toBe(
    '{"temperature":1.0,"num_gpu":3}',
  );
  expect(withRunnerOptions('', '{"num_gpu":3}')).toBe('{"num_gpu":3}');
  expect(withRunnerOptions('{"seed": 1}', '')).toBe('{"seed": 1}');
});
