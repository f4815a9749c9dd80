import { canonicalModel, modelNotFound } from '@tutti/core';
import type { Resident } from './resident.ts';

/** The model with this name (":latest" may be left out) and, if one is meant, this digest. Throws `model_not_found`. */
export function findResident(residents: readonly Resident[], model: string, digest: string): Resident {
  const found = residents.find(({ file }) => canonicalModel(file.name) === canonicalModel(model));
  const isMeant = digest === '' || found?.file.digest === undefined || found.file.digest === digest;
  if (found !== undefined && isMeant) return found;
  throw modelNotFound(model);
}
