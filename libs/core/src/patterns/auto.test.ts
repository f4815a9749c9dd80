import { expect, test } from 'vitest';
import { ClusterError } from '../error.ts';
import { auto } from './auto.ts';
import { crashEverywhere, runToEnd } from './crash-sweep.fixture.ts';
import type { JsonObject } from './json.ts';
import { modelsOf, promptOf } from './models.fixture.ts';
import type { Script } from './run.fixture.ts';

const models = modelsOf(
  { name: 'small', sizeBytes: 1e9, resident: true },
  { name: 'large', sizeBytes: 8e9, resident: true },
  { name: 'large2', sizeBytes: 9e9 },
  { name: 'large3', sizeBytes: 10e9 },
);

const says =
  (...texts: string[]): Script =>
  (_call, asked) =>
    texts[(asked - 1) % texts.length];
const fails: Script = () => new ClusterError('upstream_error', 'it broke');

const run = (scripts: Record<string, Script>, body: JsonObject = {}) =>
  runToEnd({ pattern: auto, input: auto.parse({ query: 'How many ships are there?', ...body }, models), scripts });

const story = 'Once upon a time a sailor lost his compass near the coast of Brittany and followed gulls home.';
const similar = 'Once upon a time near the coast of Brittany a sailor lost his compass and the gulls led him home.';
const another = 'Quarterly revenue rose since customers moved to larger plans while support costs stayed flat.';

test('a small model that agrees with itself answers', async () => {
  const { result, asked } = await run({ small: says('42', 'Answer: 42', 'It is long. \\boxed{42}') });
  expect(result).toMatchObject({ answeredBy: 'small', agreement: 1 });
  expect(asked).toEqual(['sample.1', 'sample.2', 'sample.3']);
});

test('samples that differ are given up at once, and a larger model that agrees with one of them has the last word', async () => {
  const { result, asked, entries } = await run({
    small: says('42', '7', 'so so so so 42'),
    large: says('It must be\n#### 7'),
  });
  expect(result).toMatchObject({ answeredBy: 'larger', model: 'large', agreement: 0.5 });
  expect(asked).toEqual(['sample.1', 'sample.2', 'sample.3', 'larger.1']);
  expect(entries.map(({ event }) => event)).toContainEqual(
    expect.objectContaining({ type: 'dropped', step: 'sample.3' }),
  );
});

test('a larger model that stands alone is voted on with others', async () => {
  const scripts = { small: says('1', '2', '3'), large: says('9'), large2: says('8'), large3: says('The answer is 8.') };
  const { result } = await run(scripts);
  expect(result).toMatchObject({ answeredBy: 'ensemble', text: 'The answer is 8.', model: 'large3' });
  const unsure = { ...scripts, small: says('42', another, `${another} ${story}\nAnswer: 7`), large: says(story) };
  expect((await run(unsure)).result).toMatchObject({ answeredBy: 'ensemble', model: 'large3' });
  expect((await run({ ...scripts, large2: fails, large3: fails })).result).toMatchObject({ text: '9', model: 'large' });
});

test('open answers are compared by their words; the larger model is heard token by token', async () => {
  expect((await run({ small: says(story, similar, story) })).result).toMatchObject({ answeredBy: 'small' });
  const { result, entries } = await run({
    small: says(story, another, similar),
    large: says('It is so and not otherwise, as everybody here knows.'),
  });
  expect(result).toMatchObject({ answeredBy: 'larger' });
  expect(entries.map(({ event }) => event)).toContainEqual(
    expect.objectContaining({ step: 'larger.1', voice: 'answer' }),
  );
});

test('where nothing larger is there, one call answers', async () => {
  const input = auto.parse({ query: 'q' }, modelsOf('only', { name: 'embed', capabilities: ['embedding'] }));
  const { result, asked } = await runToEnd({ pattern: auto, input, scripts: { only: says('hello') } });
  expect(result).toMatchObject({ text: 'hello', model: 'only' });
  expect(asked).toEqual(['answer']);
});

test('what fails is done without', async () => {
  expect((await run({ small: fails, large: says(story) })).result).toMatchObject({ answeredBy: 'larger', text: story });
  expect((await run({ small: says('1', '2'), large: fails })).result).toMatchObject({ answeredBy: 'small', text: '1' });
  expect((await run({ small: says(''), large: says('') })).end).toMatchObject({ state: 'FAILED' });
});

test.each([
  ['samples that agree', { small: says('42') }],
  ['a larger model', { small: says(story, another), large: says(similar) }],
  ['a vote', { small: says('1', '2', '3'), large: says('9'), large2: says('8'), large3: says('8') }],
])('after a crash anywhere %s ends the same, and no answered call is made again', async (_what, scripts) => {
  const byStep = Object.fromEntries(
    Object.entries(scripts).map(([name, script]): [string, Script] => [
      name,
      (call, _asked, step) => {
        const text = String(script(call, Number(JSON.parse(call.optionsJson).seed), step));
        // One that had said something goes on behind it.
        return text.startsWith(promptOf(call)) ? text.slice(promptOf(call).length) : text;
      },
    ]),
  );
  const input = auto.parse({ query: 'How many ships are there?' }, models);
  expect(await crashEverywhere({ pattern: auto, input, scripts: byStep })).toBeGreaterThan(6);
});

test.each([
  ['samples', { samples: 1 }],
  ['samples', { samples: 1_000 }],
  ['query', { query: ' ' }],
])('refuses a wrong %s', (param, body) => {
  expect(() => auto.parse({ query: 'q', ...body }, models)).toThrow(expect.objectContaining({ param }));
});

test('named models are the only ones, smallest first', () => {
  expect(auto.parse({ query: 'q', models: ['large3', 'large2'] }, models)).toMatchObject({
    small: 'large2',
    larger: ['large3'],
  });
  expect(() => auto.parse({ query: 'q', models: ['nope'] }, models)).toThrow('nope');
});
