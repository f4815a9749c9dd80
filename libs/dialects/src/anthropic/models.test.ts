import { describe, expect, it } from 'vitest';
import { renderModel, renderModels, type Page } from './index.ts';

const models = ['b', 'claude-1', 'a', 'claude-2'].map((name) => ({ name, modifiedAt: '' }));

it('a model has every field of Anthropic’s, null if it is unknown', () => {
  expect(JSON.parse(renderModel({ name: 'm', modifiedAt: '2026-01-02T04:04:05+01:00', contextLength: 4_096 }))).toEqual(
    {
      type: 'model',
      id: 'm',
      display_name: 'm',
      created_at: '2026-01-02T03:04:05.000Z',
      capabilities: null,
      max_input_tokens: 4_096,
      max_tokens: null,
      lifecycle: 'active',
      deprecated_at: null,
      retires_at: null,
      line: null,
    },
  );
  expect(renderModel({ name: 'm', modifiedAt: '' })).toContain('"created_at":"1970-01-01T00:00:00.000Z"');
});

describe('a list', () => {
  it.each<[Page, string[], boolean]>([
    [{}, ['claude-1', 'claude-2', 'b', 'a'], false],
    [{ limit: 2 }, ['claude-1', 'claude-2'], true],
    [{ limit: 2, afterId: 'claude-2' }, ['b', 'a'], false],
    [{ limit: 1, afterId: 'claude-2' }, ['b'], true],
    [{ beforeId: 'b' }, ['claude-1', 'claude-2'], false],
    [{ limit: 1, beforeId: 'b' }, ['claude-2'], true],
    [{ afterId: 'a' }, [], false],
  ])('%j', (page, ids, hasMore) => {
    const list = JSON.parse(renderModels(models, page)) as { data: { id: string }[] };
    expect(list.data.map(({ id }) => id)).toEqual(ids);
    expect(list).toMatchObject({ has_more: hasMore, first_id: ids[0] ?? null, last_id: ids.at(-1) ?? null });
  });
});
