import { invalid } from '../json/fields.ts';
import { arrayText } from '../json/text.ts';
import { idOfItem } from './kept-items.ts';

/** The answer of DELETE /v1/responses/:id. */
export function renderDeleted(id: string): string {
  return JSON.stringify({ id, object: 'response', deleted: true });
}

interface Page {
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  /** Id of the item that the page comes after. */
  readonly after?: string | undefined;
}

/** A page of the items that a response was made from; `items` are their texts, oldest first. */
export function renderInputItems(items: readonly string[], { order, limit, after }: Page): string {
  const ordered = order === 'asc' ? items : items.toReversed();
  const ids = ordered.map(idOfItem);
  const start = after === undefined ? 0 : ids.indexOf(after) + 1;
  if (after !== undefined && start === 0) throw invalid('after', `Item with id '${after.slice(0, 100)}' not found.`);
  const end = start + limit;
  const told = ids.slice(start, end);
  return (
    `{"object":"list","data":${arrayText(ordered.slice(start, end))},` +
    `"first_id":${idText(told[0])},"last_id":${idText(told.at(-1))},"has_more":${end < ids.length}}`
  );
}

function idText(id: string | undefined): string {
  return id === undefined ? 'null' : JSON.stringify(id);
}
