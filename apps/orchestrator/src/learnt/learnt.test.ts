import { ClusterError, type EstimatesRecord } from '@tutti/core';
import { createLog } from '@tutti/runtime/log';
import { virtualClock } from '@tutti/testing';
import { expect, it } from 'vitest';
import { keepLearnt } from './learnt.ts';

/** Something that learns, a store, and who keeps the one in the other. */
function start(kept: Record<string, unknown> = {}, { away = false } = {}) {
  const clock = virtualClock();
  const documents = new Map<string, unknown>();
  const table = new Map(Object.entries(kept));
  const saves: string[][] = [];
  const warnings: string[] = [];
  const store = { away };
  const reach = async (): Promise<void> => {
    await Promise.resolve();
    if (store.away) throw new ClusterError('storage_unavailable', 'gone');
  };
  const log = createLog({ service: 'test', level: 'warn', sinks: [({ message }) => void warnings.push(message)] });
  const keep = () =>
    keepLearnt({
      ...{ clock, log },
      estimates: { exported: () => documents, restore: (part, document) => void documents.set(part, document) },
      repository: {
        async load() {
          await reach();
          return [...table].map(([part, document]): EstimatesRecord => ({ part, savedAt: 0, document }));
        },
        async save(records) {
          await reach();
          saves.push(records.map(({ part }) => part));
          for (const { part, document } of records) table.set(part, document);
        },
      },
    });
  return { clock, documents, table, saves, warnings, store, keep };
}

it('restores what was learnt, and writes it back only when it has changed', async () => {
  const { clock, documents, saves, table, keep } = start({ 'node:a': { speed: 1 }, models: { m: 2 } });
  keep();
  await clock.advance(60_000);
  expect(Object.fromEntries(documents)).toEqual({ 'node:a': { speed: 1 }, models: { m: 2 } });
  expect(saves).toEqual([]);
  documents.set('node:a', { speed: 3 });
  await clock.advance(59_000);
  expect(saves).toEqual([]);
  await clock.advance(1_000);
  expect([saves, table.get('node:a')]).toEqual([[['node:a']], { speed: 3 }]);
});

it('saves at the end, and no more after that', async () => {
  const { clock, documents, saves, keep } = start();
  const keeper = keep();
  await clock.advance(1);
  documents.set('models', {});
  await keeper.close();
  expect(saves).toEqual([['models']]);
  expect(clock.pending).toBe(0);
});

it('ends well if it ends before it has begun', async () => {
  const { clock, documents, saves, keep } = start({ models: 1 });
  const keeper = keep();
  documents.set('node:a', 1);
  await keeper.close();
  expect([saves, documents.get('models'), clock.pending]).toEqual([[['node:a']], 1, 0]);
});

it('goes on while the store is away, says so once, and makes up for it later', async () => {
  const { clock, documents, saves, warnings, store, keep } = start({ old: 1, both: 'much' }, { away: true });
  const keeper = keep();
  await clock.advance(1);
  documents.set('both', 'little');
  documents.set('new', 2);
  await clock.advance(180_000);
  expect([saves, warnings]).toEqual([[], ['what is learnt is not saved']]);
  store.away = false;
  await clock.advance(60_000);
  expect(Object.fromEntries(documents)).toEqual({ both: 'much', new: 2, old: 1 });
  expect(saves).toEqual([['new']]);
  store.away = true;
  documents.set('both', 'more');
  await keeper.close();
  expect(warnings).toHaveLength(2);
});
