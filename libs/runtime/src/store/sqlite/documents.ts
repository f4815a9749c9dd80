import {
  documentKinds,
  storedJson,
  type DocumentKind,
  type DocumentRecord,
  type DocumentRepository,
} from '@tutti/core';
import type { Database } from './database.ts';
import { deletedInSteps } from './deleted-in-steps.ts';

const columns =
  'id, key, revision, created_at as createdAt, updated_at as updatedAt, expires_at as expiresAt, document';

/** All kinds share a table. */
export function createDocuments(database: Database): Record<DocumentKind, DocumentRepository> {
  const byKind = documentKinds.map((kind) => [kind, createKind(database, kind)] as const);
  return Object.fromEntries(byKind) as Record<DocumentKind, DocumentRepository>;
}

function createKind({ prepare, use }: Database, kind: DocumentKind): DocumentRepository {
  return {
    add: ({ id, key, revision, createdAt, updatedAt, expiresAt, document }) =>
      use(() => {
        const text = storedJson(document, 'The document');
        const { changes } = prepare(
          `insert into documents values (?, ?, ?, ?, ?, ?, ?, ?) on conflict do update set
             key = excluded.key, revision = excluded.revision, created_at = excluded.created_at,
             updated_at = excluded.updated_at, expires_at = excluded.expires_at, document = excluded.document
           where documents.expires_at <= excluded.created_at`,
        ).run(kind, id, key, revision, createdAt, updatedAt, expiresAt ?? null, text);
        return changes === 1;
      }),
    find: (id, now) =>
      use(() =>
        optional(
          prepare(
            `select ${columns} from documents where kind = ? and id = ? and (expires_at is null or expires_at > ?)`,
          ).get(kind, id, now),
        ),
      ),
    list: (key, { limit, before }, now) =>
      use(() => {
        const owned = key === undefined ? '' : 'and key = ?';
        const older = before ? 'and (updated_at, id) < (?, ?)' : '';
        return prepare(
          `select ${columns} from documents where kind = ? ${owned} ${older}
           and (expires_at is null or expires_at > ?) order by updated_at desc, id desc limit ?`,
        )
          .all(kind, ...(key === undefined ? [] : [key]), ...(before ? [before.updatedAt, before.id] : []), now, limit)
          .map(toRecord);
      }),
    replace: (id, expected, { document, updatedAt, expiresAt }) =>
      use(() =>
        optional(
          prepare(
            `update documents set document = ?, updated_at = ?, expires_at = ?, revision = revision + 1
             where kind = ? and id = ? and revision = ? returning ${columns}`,
          ).get(storedJson(document, 'The document'), updatedAt, expiresAt ?? null, kind, id, expected),
        ),
      ),
    remove: (id) => use(() => prepare('delete from documents where kind = ? and id = ?').run(kind, id).changes === 1),
    removeOld: (updatedBefore) =>
      use(() => {
        const old = 'select rowid from documents where kind = ? and updated_at < ? limit ?';
        const deletion = prepare(`delete from documents where rowid in (${old})`);
        return deletedInSteps((limit) => Number(deletion.run(kind, updatedBefore, limit).changes));
      }),
  };
}

function optional(row: object | undefined): DocumentRecord | undefined {
  return row && toRecord(row);
}

function toRecord(row: object): DocumentRecord {
  const { expiresAt, document, ...rest } = row as DocumentRecord & { expiresAt: number | null; document: string };
  return { ...rest, ...(expiresAt !== null && { expiresAt }), document: JSON.parse(document) as unknown };
}
