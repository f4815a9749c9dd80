import { ClusterError, type Clock, type DocumentRepository } from '@tutti/core';
import { idOfItem, responseOfItem } from '@tutti/dialects/openai-responses';

/** A response as it is kept: JSON texts, as clients get them. */
export interface StoredResponse {
  readonly response: string;
  /** The items that it was made from, those of the responses before it included. */
  readonly input: readonly string[];
  readonly output: readonly string[];
}

/**
 * Responses of keys, for 30 days. Another key's is `not_found`; without a store all throw `storage_unavailable`. Each
 * has the whole conversation before it, so that it outlives those that it goes on from.
 */
export interface StoredResponses {
  find(id: string, key: string): Promise<StoredResponse>;
  /** Throws `too_large` for what no store takes. */
  save(id: string, key: string, stored: StoredResponse): Promise<void>;
  remove(id: string, key: string): Promise<void>;
  /** By their ids, the texts of those of these items that are kept; they may be from 50 responses. */
  items(ids: readonly string[], key: string): Promise<ReadonlyMap<string, string>>;
  /** Throws `storage_unavailable` if nothing can be kept now. */
  reach(): Promise<void>;
}

interface Options {
  readonly documents: DocumentRepository;
  readonly clock: Clock;
}

/** Each is read as a whole. */
const mostNamed = 50;

const keptMs = 30 * 24 * 60 * 60_000;

export function createStoredResponses({ documents, clock }: Options): StoredResponses {
  const find = async (id: string, key: string): Promise<StoredResponse> => {
    const record = await documents.find(id, clock.wallTime());
    if (record?.key !== key) throw unknownResponse(id);
    return record.document as StoredResponse;
  };

  return {
    find,
    async save(id, key, document) {
      const createdAt = clock.wallTime();
      const times = { createdAt, updatedAt: createdAt, expiresAt: createdAt + keptMs };
      await documents.add({ id, key, revision: 1, ...times, document });
    },
    async remove(id, key) {
      await find(id, key);
      if (!(await documents.remove(id))) throw unknownResponse(id);
    },
    async items(ids, key) {
      const wanted = new Set(ids);
      const responses = new Set(ids.flatMap((id) => responseOfItem(id) ?? []));
      if (responses.size > mostNamed) throw tooMany(responses.size);
      const found = new Map<string, string>();
      for (const id of responses) {
        const { input, output } = await orNothing(find(id, key));
        for (const text of [...input, ...output]) {
          const item = idOfItem(text);
          if (wanted.has(item)) found.set(item, text);
        }
      }
      return found;
    },
    reach: async () => void (await documents.find('', clock.wallTime())),
  };
}

async function orNothing(found: Promise<StoredResponse>): Promise<Pick<StoredResponse, 'input' | 'output'>> {
  try {
    return await found;
  } catch (thrown) {
    if (ClusterError.from(thrown).reason === 'not_found') return { input: [], output: [] };
    throw thrown;
  }
}

function tooMany(responses: number): ClusterError {
  const message = `The items are from ${responses} responses, which may be ${mostNamed} at most. Send them as they are.`;
  return new ClusterError('invalid_request', message, { param: 'input' });
}

/** Of somebody else's response not even its existence is told. */
function unknownResponse(id: string): ClusterError {
  return new ClusterError('not_found', `Response with id '${id.slice(0, 100)}' not found.`, { param: 'response_id' });
}
