import { expect, test } from 'vitest';
import { modelsOf } from './models.fixture.ts';
import { scripted, startRun, untilSettled, virtualClock } from './run.fixture.ts';
import { single } from './single.ts';

const models = modelsOf('small', { name: 'large', sizeBytes: 30e9 });

test('one call of the largest model, given token by token', async () => {
  const clock = virtualClock();
  const { generate, asked } = scripted(clock, { large: () => 'it is so' });
  const input = single.parse({ query: 'why?' }, models);
  const { execution, entries } = startRun({ pattern: single, input, generate, clock });
  const end = await untilSettled(clock, execution.ended);
  expect(end.result).toEqual({ text: 'it is so', model: 'large', node: 'n1' });
  expect(asked).toEqual(['answer']);
  expect(entries.map(({ event }) => event)).toContainEqual(expect.objectContaining({ type: 'said', voice: 'answer' }));
});

test('a named model is asked; one that is not there is refused', () => {
  expect(single.parse({ query: 'q', models: ['small'], maxTokens: 5 }, models)).toMatchObject({
    model: 'small',
    maxTokens: 5,
  });
  expect(() => single.parse({ query: 'q', models: ['none'] }, models)).toThrow('none');
  expect(() => single.parse({ query: 'q', maxTokens: 0 }, models)).toThrow(
    expect.objectContaining({ param: 'maxTokens' }),
  );
});
