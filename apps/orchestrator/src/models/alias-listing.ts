import { canonicalModel } from '@tutti/core';
import type { Aliases } from './aliases.ts';

/** The models, and after them those that stand in the list under another name as well. */
export function withAliases<T extends { readonly name: string }>(
  models: readonly T[],
  aliases?: Pick<Aliases, 'list'>,
) {
  const named = (aliases?.list() ?? []).flatMap(({ name, model }) => {
    const meant = models.find((listed) => canonicalModel(listed.name) === canonicalModel(model));
    return meant ? [{ ...meant, name, kind: 'alias' as const }] : [];
  });
  return [...models, ...named];
}
