import { expect, it } from 'vitest';
import { outputItemId, responseId, responseOfItem } from './ids.ts';
import { renderInputItems } from './index.ts';

const items = ['a', 'b', 'c', 'd', 'e'].map((id) => `{"id":"${id}","type":"message"}`);

function page(settings: Parameters<typeof renderInputItems>[1]) {
  const { data, ...rest } = JSON.parse(renderInputItems(items, settings)) as { data: { id: string }[] };
  return { ids: data.map(({ id }) => id).join(''), ...rest };
}

it('pages of items follow each other, in either order', () => {
  const first = { object: 'list', ids: 'edc', first_id: 'e', last_id: 'c', has_more: true };
  expect(page({ order: 'desc', limit: 3 })).toEqual(first);
  expect(page({ order: 'desc', limit: 3, after: 'c' })).toMatchObject({ ids: 'ba', has_more: false });
  expect(page({ order: 'asc', limit: 5 })).toMatchObject({ ids: 'abcde', has_more: false });
  const none = { object: 'list', ids: '', first_id: null, last_id: null, has_more: false };
  expect(page({ order: 'asc', limit: 1, after: 'e' })).toEqual(none);
  expect(() => page({ order: 'asc', limit: 1, after: 'x' })).toThrow("Item with id 'x' not found.");
});

it('an item leads to its response', () => {
  const id = responseId('0123456789abcdef0123456789abcdef');
  expect(responseOfItem(outputItemId('message', id, 12))).toBe(id);
  expect(responseOfItem('msg_made_elsewhere')).toBeUndefined();
});
