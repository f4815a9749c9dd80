import type { ClusterModel } from '../connection/api.ts';
import type { Client } from '../connection/client.ts';

/** The model to ask: one that is loaded already, else the smallest that can chat. */
export async function pickModel(client: Client): Promise<string | undefined> {
  const { models } = await client.json<{ models: ClusterModel[] }>('GET', '/api/cluster/models');
  const able = models.filter(({ capabilities }) => capabilities.length === 0 || capabilities.includes('completion'));
  const resident = able.find(({ loadedOn }) => loadedOn.length > 0);
  return (resident ?? able.toSorted((a, b) => (a.sizeBytes ?? 0) - (b.sizeBytes ?? 0))[0])?.name;
}
