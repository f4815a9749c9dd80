import { canonicalModel, matchesWildcard } from '@tutti/core';
import type { NodeView } from '@tutti/core/cluster';
import { listModels } from './listing.ts';
import { listPatterns } from './pattern-listing.ts';

/** Names that clients use for models that are called otherwise. */
export interface Aliases {
  /** The model that a name stands for; one that is no alias stands for itself. */
  modelOf(name: string): string;
  /** Those whose model is there. */
  list(): readonly Alias[];
}

interface Alias {
  readonly name: string;
  readonly model: string;
}

interface Options {
  /** Models by alias; "*" in one stands for any letters. Asked for each time: they can change. */
  readonly wanted: () => Readonly<Record<string, string>>;
  readonly nodes: () => readonly NodeView[];
}

export function createAliases({ wanted, nodes }: Options): Aliases {
  const namesThere = (): ReadonlySet<string> =>
    new Set(
      [...listModels(nodes()).map(({ item }) => item), ...listPatterns(nodes())].map(({ name }) =>
        canonicalModel(name),
      ),
    );
  return {
    modelOf(name) {
      const aliases = Object.entries(wanted());
      if (aliases.length === 0) return name;
      const asked = canonicalModel(name);
      const [, exact] = aliases.find(([alias]) => canonicalModel(alias) === asked) ?? [];
      if (exact !== undefined) return exact;
      const [, model] = aliases.find(([alias]) => isPattern(alias) && matchesWildcard(alias, name)) ?? [];
      return model === undefined || namesThere().has(asked) ? name : model;
    },
    list() {
      const there = namesThere();
      return Object.entries(wanted())
        .map(([alias, model]) => ({ name: alias.replace('*', model).replaceAll('*', ''), model }))
        .filter(({ name, model }) => there.has(canonicalModel(model)) && !there.has(canonicalModel(name)));
    },
  };
}

/** A pattern is no name: it is listed as the one name of its own that tells the model. */
function isPattern(alias: string): boolean {
  return alias.includes('*');
}
