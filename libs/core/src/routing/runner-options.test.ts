import { expect, it } from 'vitest';
import { runnerOptionsOf } from './runner-options.ts';

it.each([
  ['{"temperature":1,"num_gpu":1,"main_gpu":0}', '{"main_gpu":0,"num_gpu":1}'],
  ['{"use_mmap":true,"num_batch":512,"temperature":1.0}', '{"num_batch":512,"use_mmap":true}'],
  ['{"use_mmap":false}', '{"use_mmap":false}'],
  ['{"num_thread":2,"num_thread":4}', '{"num_thread":4}'],
  ['{"num_gpu":0}', '{"num_gpu":0}'],
])('of %s are %s, whatever their order', (options, expected) => {
  expect(runnerOptionsOf(options)).toBe(expected);
});

it.each([
  '',
  '{}',
  '{"temperature":0.1,"num_predict":3,"num_ctx":8192}',
  '{"num_gpu":"x","use_mmap":1,"num_thread":null}',
  '{num_gpu',
  '["num_gpu"]',
  '"num_gpu"',
])('of %j are none', (options) => {
  expect(runnerOptionsOf(options)).toBe('');
});

it('are the same however a number is written, cut to whole ones', () => {
  for (const number of ['3', '3.0', '3e0', '3.9'])
    expect(runnerOptionsOf(`{"num_gpu":${number}}`)).toBe('{"num_gpu":3}');
  expect(runnerOptionsOf('{"num_gpu":-0.5}')).toBe('{"num_gpu":0}');
});

it('ask for nothing by a negative number of layers', () => {
  expect(runnerOptionsOf('{"num_gpu":-1}')).toBe('');
  expect(runnerOptionsOf('{"num_gpu":-1.0,"main_gpu":-1}')).toBe('{"main_gpu":-1}');
});
