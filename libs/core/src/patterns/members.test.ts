import { expect, test } from 'vitest';
import { chooseMembers, chooseModel } from './members.ts';
import { modelsOf } from './models.fixture.ts';

const names = (chosen: ReturnType<typeof chooseMembers>): string[] => chosen.members.map(({ name }) => name);

test('named models are taken as they are, in turn when more are asked for', () => {
  const models = modelsOf('a:latest', { name: 'b', sizeBytes: 70e9 }, 'c');
  expect(names(chooseMembers(models, { wanted: ['b', 'a'] }))).toEqual(['b', 'a:latest']);
  expect(names(chooseMembers(models, { wanted: ['b', 'a'], count: 3 }))).toEqual(['b', 'a:latest', 'b']);
});

test('without names: in memory first, of near-equal size, of different families', () => {
  const models = modelsOf(
    { name: 'huge', sizeBytes: 40e9 },
    { name: 'a1', sizeBytes: 5e9, family: 'a' },
    { name: 'a2', sizeBytes: 6e9, family: 'a', resident: true },
    { name: 'b1', sizeBytes: 4e9, family: 'b' },
    { name: 'tiny', sizeBytes: 1e9 },
    { name: 'embed', sizeBytes: 5e9, capabilities: ['embedding'], resident: true },
  );
  expect(chooseMembers(models, { count: 3 })).toMatchObject({ warnings: [] });
  expect(names(chooseMembers(models, { count: 3 }))).toEqual(['a2', 'b1', 'a1']);
  expect(chooseModel(models).name).toBe('a2');
  expect(chooseModel(models.filter(({ resident }) => !resident)).name).toBe('huge');
  expect(
    chooseModel(
      models.filter(({ resident }) => !resident),
      { size: 'smallest' },
    ).name,
  ).toBe('tiny');
});

test('with fewer models than members they are samples, and it says so', () => {
  const chosen = chooseMembers(modelsOf('only', { name: 'big', sizeBytes: 90e9 }), { count: 3, size: 'smallest' });
  expect(names(chosen)).toEqual(['only', 'only', 'only']);
  expect(chosen.warnings).toEqual([expect.stringContaining('samples of only')]);
});

test('what cannot be chosen is refused by name', () => {
  const models = modelsOf('a', { name: 'embed', capabilities: ['embedding'] });
  expect(() => chooseMembers(models, { wanted: ['a', 'nope'] })).toThrow(
    expect.objectContaining({ reason: 'model_not_found', message: expect.stringContaining('nope') as string }),
  );
  expect(() => chooseMembers(models, { wanted: ['embed'] })).toThrow('"embed" cannot chat');
  expect(() => chooseMembers(models, { count: 2, needs: ['vision'] })).toThrow('chat with vision');
  expect(() => chooseMembers([], { count: 2 })).toThrow(expect.objectContaining({ reason: 'model_not_found' }));
});
