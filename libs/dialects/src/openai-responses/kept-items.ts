import { asFields, asString, invalid } from '../json/fields.ts';
import { inputItemId } from './ids.ts';
import { asItem, itemText, type Item, type ItemReference } from './items.ts';

/** An item with the text that it is kept and shown as. */
export interface KeptItem {
  readonly item: Item;
  readonly text: string;
}

/** An item that was kept as this text. */
export function keptItem(text: string): KeptItem {
  const item = asItem({ raw: text, path: 'input' });
  if (item.type === 'item_reference') throw invalid('input', 'a kept item is a reference');
  return { item: item as Item, text };
}

/** The id of an item that is kept as this text. */
export function idOfItem(text: string): string {
  return asFields({ raw: text, path: '' }).need('id', asString);
}

type Input = readonly (Item | ItemReference)[];

/** The ids of the items that a request only names. */
export function referencesIn(input: Input): string[] {
  return input.filter(isReference).map(({ id }) => id);
}

/** The items of a request, each with an id; `kept`: by their ids, the texts of those that it may name. */
export function inputItems(input: Input, response: string, kept: ReadonlyMap<string, string>): KeptItem[] {
  return input.map((item, index) => {
    if (!isReference(item)) {
      const id = item.id === '' ? inputItemId(item.type, response, index) : item.id;
      return { item, text: itemText(item, id) };
    }
    const text = kept.get(item.id);
    if (text !== undefined) return keptItem(text);
    throw invalid(`${item.path}.id`, `Item with id '${item.id.slice(0, 100)}' not found.`);
  });
}

function isReference(item: Item | ItemReference): item is ItemReference {
  return item.type === 'item_reference';
}
