import { ClusterError, type NodeAttributes, type NodeRecord, type NodeRepository } from '@tutti/core';
import type { Connection } from './connection.ts';
import { isDuplicate, upserted } from './mongodb-error.ts';
import { schemaVersion, type Versioned } from './schema.ts';

interface NodeDocument extends Omit<NodeRecord, 'name' | 'attributes'>, Versioned {
  readonly _id: string;
  readonly attributes: Omit<NodeAttributes, 'labels'> & {
    /** A list: MongoDB has its own ideas of "." and "$" in the name of a field. */
    readonly labels?: readonly { readonly name: string; readonly value: string }[];
  };
}

/** A node of an unknown schema version may be one that was removed: it is not passed over, it is an error. */
export function createNodes({ use }: Connection): NodeRepository {
  const collection = 'nodes';
  return {
    put: (node) =>
      use<NodeDocument, void>(collection, async (nodes) => {
        const { _id, ...document } = toDocument(node);
        const put = () => nodes.replaceOne({ _id: { $eq: _id }, schemaVersion }, document, { upsert: true });
        try {
          await upserted(put);
        } catch (error) {
          throw isDuplicate(error) ? unknownVersion(_id) : error;
        }
      }),
    list: () =>
      use<NodeDocument, NodeRecord[]>(collection, async (nodes) =>
        (await nodes.find().sort({ _id: 1 }).toArray()).map(toNode),
      ),
    find: (name) =>
      use<NodeDocument, NodeRecord | undefined>(collection, async (nodes) => {
        const found = await nodes.findOne({ _id: { $eq: name } });
        return found ? toNode(found) : undefined;
      }),
    remove: (name) =>
      use<NodeDocument, void>(collection, async (nodes) => void (await nodes.deleteOne({ _id: { $eq: name } }))),
  };
}

function toDocument({ name, attributes, ...rest }: NodeRecord): NodeDocument {
  const { labels, ...others } = attributes;
  const entries = labels && Object.entries(labels).map(([name, value]) => ({ name, value }));
  return { _id: name, schemaVersion, ...rest, attributes: { ...others, ...(entries && { labels: entries }) } };
}

function toNode(document: NodeDocument): NodeRecord {
  const { _id, schemaVersion: found, attributes, ...rest } = document;
  if (found !== schemaVersion) throw unknownVersion(_id);
  const { labels, ...others } = attributes;
  const byName = labels && Object.fromEntries(labels.map(({ name, value }) => [name, value]));
  return { name: _id, ...rest, attributes: { ...others, ...(byName && { labels: byName }) } };
}

function unknownVersion(name: string): ClusterError {
  const message = `The node "${name}" was stored by another version of Tutti. Use one version, or delete its document.`;
  return new ClusterError('failed_precondition', message);
}
