import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DocumentRepository, RunRecord } from '@tutti/core';
import type { RunEnd } from '@tutti/core/patterns';
import { createLog } from '@tutti/runtime/log';
import { openStore } from '@tutti/runtime/store';
import { virtualClock } from '@tutti/testing';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createDebateTally } from './debate-tally.ts';

const clock = virtualClock();
const log = createLog({ service: 'test', level: 'silent' });

async function openDocuments(): Promise<DocumentRepository> {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-tally-'));
  const store = await openStore({ file: join(folder, 'tutti.db'), logRetentionMs: Infinity, clock });
  onTestFinished(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });
  return store.documents.parameters;
}

const sum = 'What is 17 plus 25?';
const head = (title: string, pattern = 'debate'): RunRecord => ({
  ...{ id: 'run', key: 'k', state: 'COMPLETED', createdAt: 0, owner: 'o', revision: 1 },
  ...{ title, pattern },
});

/** How a debate ends that took so many rounds. */
function ended(rounds: number, claimed = 0, accepted = 0, changed = false): RunEnd {
  const spent = { calls: 3, promptTokens: 1, outputTokens: 1, swaps: 0 };
  return {
    ...{ type: 'ended', state: 'COMPLETED', spent },
    result: { text: '', rounds, changed, flips: { claimed, accepted } },
  };
}

it('counts what debates of a kind came to, over all processes', async () => {
  const documents = await openDocuments();
  const [one, other] = [createDebateTally({ documents, clock, log }), createDebateTally({ documents, clock, log })];
  one.note(head(sum), ended(0));
  other.note(head(sum), ended(2, 3, 1, true));
  one.note(head(sum), ended(1, 1));
  other.note(head('Write a poem about the sea at night.'), ended(1, 9, 9, true));
  const expected = { debates: 3, disputed: 2, changed: 1, flipsClaimed: 4, flipsAccepted: 1 };
  await vi.waitFor(async () => expect(await other.read('math')).toEqual({ taskType: 'math', ...expected }));
  expect(await one.read('creative')).toMatchObject({ debates: 1, changed: 1 });
  expect(await one.read('code')).toMatchObject({ debates: 0, changed: 0 });
});

it('counts neither what is no debate nor what did not come to its end', async () => {
  const { note, read } = createDebateTally({ documents: await openDocuments(), clock, log });
  note(head(sum, 'ensemble'), ended(1, 1, 1, true));
  note(head(sum), { ...ended(1, 1, 1, true), state: 'CANCELLED' });
  note(head(sum), ended(0));
  await vi.waitFor(async () => expect((await read('math')).debates).toBe(1));
  expect(await read('math')).toMatchObject({ disputed: 0, changed: 0 });
});
