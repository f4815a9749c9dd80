import { expect, test } from 'vitest';
import { modelsOf } from '../models.fixture.ts';
import { castOf } from './cast.ts';

const chat = ['completion'];

test('each part goes to the model that suits it, in memory first', () => {
  const models = modelsOf(
    { name: 'huge', sizeBytes: 40e9 },
    { name: 'plain', sizeBytes: 9e9, resident: true },
    { name: 'tools', sizeBytes: 5e9, resident: true, capabilities: [...chat, 'tools'] },
    { name: 'thinker', sizeBytes: 4e9, resident: true, capabilities: [...chat, 'thinking'] },
    { name: 'codestral:22b', sizeBytes: 13e9 },
    { name: 'embedder', sizeBytes: 90e9, resident: true, capabilities: ['embedding'] },
  );
  expect(castOf(models, {})).toEqual({
    coordinator: { model: 'tools', thinks: false },
    specialists: {
      ...{ research: { model: 'plain', thinks: false }, creative: { model: 'plain', thinks: false } },
      ...{ reasoning: { model: 'thinker', thinks: true }, critic: { model: 'tools', thinks: false } },
      code: { model: 'codestral:22b', thinks: false },
    },
  });
});

test('one that is preferred plays every part but that for code; one that is not there is refused', () => {
  const models = modelsOf('a', { name: 'coder', resident: true });
  const { coordinator, specialists } = castOf(models, { preferred: 'a' });
  const players = [coordinator, ...Object.values(specialists)].map(({ model }) => model);
  expect(players).toEqual(['a', 'a', 'a', 'a', 'coder', 'a']);
  expect(() => castOf(models, { preferred: 'none' })).toThrow('none');
  expect(() => castOf([], {})).toThrow('no model');
});

test('only a model that sees is cast for pictures', () => {
  const models = modelsOf('blind', { name: 'coder-vl', sizeBytes: 1e9, capabilities: [...chat, 'vision'] });
  expect(castOf(models, { needs: ['vision'] }).coordinator.model).toBe('coder-vl');
});
