import type { Inventory } from '../backend.ts';
import type { Resident } from './resident.ts';

/** What the engine has on disk and in memory. A file that cannot be read is left out and named as the problem. */
export async function inventory(residents: readonly Resident[], version: string): Promise<Inventory> {
  const described = await Promise.all(residents.map(describe));
  const unreadable = described.filter(({ facts }) => facts === undefined).map(({ resident }) => resident.file.name);
  const problem = unreadable.length === 0 ? '' : `model files that cannot be read: ${unreadable.join(', ')}`;
  return {
    backend: { kind: 'embedded', version, problem },
    models: described.flatMap(({ resident: { file }, facts }) => {
      if (facts === undefined) return [];
      return {
        name: file.name,
        digest: file.digest ?? '',
        sizeBytes: facts.sizeBytes,
        capabilities: [...facts.capabilities],
        modifiedAt: facts.modifiedAt,
        detailsJson: JSON.stringify(facts.details),
        ...(facts.contextLength === undefined ? {} : { contextLength: facts.contextLength }),
      };
    }),
    runners: described.flatMap(({ resident, facts }) => {
      const footprint = resident.footprint();
      if (footprint === undefined) return [];
      return {
        ...footprint,
        model: resident.file.name,
        digest: resident.file.digest ?? '',
        slots: 1,
        detailsJson: facts === undefined ? '' : JSON.stringify(facts.details),
      };
    }),
  };
}

async function describe(resident: Resident) {
  const facts = await resident.facts().catch(() => undefined);
  return { resident, facts };
}
