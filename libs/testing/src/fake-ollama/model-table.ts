import { completeModel, type FakeModel, type Model } from './model.ts';
import { parseModelName } from './model-name.ts';

export interface ModelTable {
  readonly list: readonly Model[];
  /** The model with this name, in any case and with or without the parts that have a default. */
  find(name: string): Model | undefined;
}

export function createModelTable(given: readonly (string | FakeModel)[]): ModelTable {
  const list = given.map(completeModel);
  const byFullName = new Map(list.map((model) => [model.id.full.toLowerCase(), model]));
  /** By the names that were used for them. */
  const found = new Map<string, Model>();
  return {
    list,
    find(name) {
      const known = found.get(name);
      if (known) return known;
      const model = byFullName.get(parseModelName(name).full.toLowerCase());
      if (model) found.set(name, model);
      return model;
    },
  };
}
