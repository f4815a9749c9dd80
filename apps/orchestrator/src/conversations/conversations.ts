import {
  ClusterError,
  type Clock,
  type DocumentRecord,
  type DocumentRepository,
  type RunRecord,
  type RunState,
} from '@tutti/core';
import { canonicalJson, type Json } from '@tutti/core/patterns';
import { runIdOf } from '../runs/run-id.ts';
import type { Runs } from '../runs/runs.ts';
import { createSay, type TurnPart } from './say.ts';
import {
  newConversation,
  nextTurnId,
  turnBody,
  withTurn,
  type Asked,
  type FoundConversation,
  type StoredConversation,
  type TurnWork,
} from './stored-conversation.ts';

/** A conversation in a list. */
export interface ListedConversation {
  readonly record: DocumentRecord;
  readonly stored: StoredConversation;
  /** Of the turn that goes on; undefined: none does. */
  readonly state?: RunState;
  /** The last turn, which goes on or has ended; undefined: the document has it. */
  readonly last?: RunRecord;
}

/** Conversations of keys; another key's is `not_found`. All throw `storage_unavailable` without a store. */
export interface Conversations {
  /** Begins one, and its first turn; does not wait for the answer. */
  start(asked: Asked, work: TurnWork, idempotencyKey?: string): Promise<FoundConversation>;
  find(id: string, key: string): Promise<FoundConversation>;
  list(key: string, page: { readonly limit: number; readonly token?: string }): Promise<ConversationPage>;
  /** One turn. Throws `failed_precondition` while another goes on. It goes on when the client leaves. */
  say(id: string, content: string, work: TurnWork, signal: AbortSignal): AsyncGenerator<TurnPart, void>;
  /** Answers a question of the turn that goes on; `failed_precondition` if it is not asked. */
  answer(id: string, key: string, step: string, value: Json): Promise<FoundConversation>;
  /** Forgets one, and ends its turn. */
  remove(id: string, key: string): Promise<void>;
}

interface ConversationPage {
  readonly conversations: readonly ListedConversation[];
  readonly next?: string;
}

interface Options {
  readonly documents: DocumentRepository;
  readonly runs: Runs;
  readonly clock: Clock;
}

const mostAttempts = 8;

export function createConversations({ documents, runs, clock }: Options): Conversations {
  const own = async (id: string, key: string): Promise<DocumentRecord> => {
    const record = await documents.find(id, clock.wallTime());
    if (record?.key !== key) throw unknownConversation(id);
    return record;
  };

  /** As it is now. A turn that has ended, whichever process saw its end, is kept with the document here. */
  const find = async (id: string, key: string): Promise<FoundConversation> => {
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      const record = await own(id, key);
      const stored = record.document as StoredConversation;
      const entries = await orNothing(runs.read(nextTurnId(id, stored), key));
      const last = entries?.at(-1);
      if (!entries || !last) return { record, stored };
      if (last.event.type !== 'ended') return { record, stored, going: entries };
      const document = withTurn(stored, entries);
      await documents.replace(id, record.revision, { document, updatedAt: last.time });
    }
    throw new ClusterError('overloaded', `Too many change the conversation "${id}" at once. Try again.`);
  };

  const listed = async (record: DocumentRecord): Promise<ListedConversation> => {
    const stored = record.document as StoredConversation;
    const head = await orNothing(runs.find(nextTurnId(record.id, stored), record.key));
    return { record, stored, ...(head && { last: head, ...(head.endedAt === undefined && { state: head.state }) }) };
  };

  return {
    async start(asked, work, idempotencyKey) {
      const key = work.caller.principal.id;
      const id = runIdOf({ idempotencyKey }, key);
      const document = newConversation(asked);
      const known = await documents.find(id, clock.wallTime());
      if (known) {
        const { asked: before } = known.document as StoredConversation;
        if (canonicalJson(before) === canonicalJson(asked)) return find(id, key);
        const message = 'The Idempotency-Key was used for another conversation. Send the same request, or another key.';
        throw new ClusterError('failed_precondition', message, { param: 'Idempotency-Key' });
      }
      // The turn first: what cannot be answered leaves no conversation behind.
      const body = turnBody(document, asked.query);
      await runs.start({ ...work, id: nextTurnId(id, document), pattern: 'turn', body });
      const createdAt = clock.wallTime();
      // If it is there, the same request came twice.
      await documents.add({ id, key, revision: 1, createdAt, updatedAt: createdAt, document });
      return find(id, key);
    },
    find,
    async list(key, { limit, token }) {
      const before = token === undefined ? undefined : placeOf(token);
      const records = await documents.list(key, { limit, ...(before && { before }) }, clock.wallTime());
      const conversations = await Promise.all(records.map(listed));
      const last = records.at(-1);
      return { conversations, ...(last && records.length === limit && { next: tokenOf(last) }) };
    },
    say: createSay({ runs, find }),
    async answer(id, key, step, value) {
      const { stored, going } = await find(id, key);
      if (!going) throw new ClusterError('failed_precondition', 'No turn goes on, so that nothing is asked.');
      await runs.answer(nextTurnId(id, stored), key, step, value);
      return find(id, key);
    },
    async remove(id, key) {
      const { stored, going } = await find(id, key);
      if (!(await documents.remove(id))) throw unknownConversation(id);
      if (going) await runs.cancel(nextTurnId(id, stored), key);
    },
  };
}

async function orNothing<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (thrown) {
    if (ClusterError.from(thrown).reason === 'not_found') return undefined;
    throw thrown;
  }
}

function tokenOf({ id, updatedAt }: DocumentRecord): string {
  return `${updatedAt}.${id}`;
}

function placeOf(token: string): Pick<DocumentRecord, 'id' | 'updatedAt'> {
  const [, updatedAt, id] = /^(\d{1,15})\.([a-zA-Z0-9-]{1,64})$/.exec(token) ?? [];
  if (id !== undefined) return { id, updatedAt: Number(updatedAt) };
  throw new ClusterError('invalid_request', 'pageToken is not one of a page before.', { param: 'pageToken' });
}

/** Of somebody else's conversation not even its existence is told. */
function unknownConversation(id: string): ClusterError {
  return new ClusterError('not_found', `There is no conversation "${id.slice(0, 64)}" of this key.`, { param: 'id' });
}
