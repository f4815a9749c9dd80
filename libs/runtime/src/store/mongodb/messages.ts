import { missingRun, storedJson, type RunMessage, type RunRepository } from '@tutti/core';
import type { Connection } from './connection.ts';
import { isDuplicate } from './mongodb-error.ts';
import type { RunDocument } from './runs.ts';
import { schemaVersion, type Versioned } from './schema.ts';

export interface MessageDocument extends Versioned {
  readonly _id: { readonly run: string; readonly key: string };
  /** Grows in the order of arrival: clocks differ. */
  readonly number: number;
  readonly time: number;
  /** Text, as in the journal. */
  readonly document: string;
}

export function createMessages({ use }: Connection): Pick<RunRepository, 'post' | 'messages'> {
  const collection = 'messages';

  /** The run itself counts what is said to it. */
  const nextNumber = (id: string): Promise<number> =>
    use<RunDocument, number>('runs', async (runs) => {
      const run = await runs.findOneAndUpdate({ _id: { $eq: id }, schemaVersion }, { $inc: { messages: 1 } });
      if (!run) throw missingRun(id);
      return run.messages;
    });

  return {
    async post(id, { key, time, document }) {
      const text = storedJson(document, 'The message');
      const number = await nextNumber(id);
      return use<MessageDocument, boolean>(collection, async (messages) => {
        try {
          await messages.insertOne({ _id: { run: id, key }, schemaVersion, number, time, document: text });
          return true;
        } catch (error) {
          if (!isDuplicate(error)) throw error;
          return false;
        }
      });
    },
    messages: (id) =>
      use<MessageDocument, RunMessage[]>(collection, async (messages) => {
        const found = messages.find({ '_id.run': { $eq: id }, schemaVersion });
        return (await found.sort({ number: 1 }).toArray()).map(toMessage);
      }),
  };
}

function toMessage({ _id, time, document }: MessageDocument): RunMessage {
  return { key: _id.key, time, document: JSON.parse(document) as unknown };
}
