import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DocumentRepository } from '@tutti/core';
import { createLearntSampling } from '@tutti/core/cluster';
import { createLog } from '@tutti/runtime/log';
import { openStore } from '@tutti/runtime/store';
import { virtualClock } from '@tutti/testing';
import { expect, it, onTestFinished } from 'vitest';
import { learntDocuments } from './learnt-documents.ts';
import { keepLearnt } from './learnt.ts';

const clock = virtualClock();
const log = createLog({ service: 'test', level: 'silent' });

async function storeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-learnt-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

const open = (folder: string) => openStore({ file: join(folder, 'tutti.db'), logRetentionMs: Infinity, clock });

/** An orchestrator's sampling, kept in a store. */
function start(documents: DocumentRepository) {
  const sampling = createLearntSampling(() => 0.5);
  const keeper = keepLearnt({ estimates: sampling, repository: learntDocuments(documents, clock), clock, log });
  const samples = (model: string) => sampling.evidence(model, 'facts').evidence.map((each) => each.samples);
  return { sampling, keeper, samples };
}

it('what was learnt of each model is there after a restart, and grows on', async () => {
  const folder = await storeFolder();
  const models = Array.from({ length: 150 }, (_, index) => `hf.co/a/b${index}:Q4_K_M`);
  for (const run of [1, 2, 3]) {
    const store = await open(folder);
    const { sampling, keeper, samples } = start(store.documents.parameters);
    await expect.poll(() => samples(models.at(-1)!)).toEqual([run - 1, 0, 0]);
    for (const model of models) sampling.learn(model, 'facts', 'careful', 1);
    await keeper.close();
    const record = await store.documents.parameters.find(models[0]!, clock.wallTime());
    expect(record).toMatchObject({ revision: run, document: { facts: { careful: [run, run] } } });
    await store.close();
  }
});

it('of two orchestrators that learn of one model, the later one is right', async () => {
  const store = await open(await storeFolder());
  onTestFinished(() => store.close());
  const [a, b] = [start(store.documents.parameters), start(store.documents.parameters)];
  a.sampling.learn('m', 'facts', 'careful', 1);
  b.sampling.learn('m', 'facts', 'even', 0);
  await a.keeper.close();
  await b.keeper.close();
  const c = start(store.documents.parameters);
  onTestFinished(() => c.keeper.close());
  await expect.poll(() => c.samples('m')).toEqual([0, 0, 1]);
});

it('a change by another process meanwhile is seen, and made good', async () => {
  const store = await open(await storeFolder());
  onTestFinished(() => store.close());
  const { parameters } = store.documents;
  let meddled = 0;
  const meddlesome: DocumentRepository = {
    ...parameters,
    async find(id, now) {
      const found = await parameters.find(id, now);
      if (found && meddled++ === 0) await parameters.replace(id, found.revision, { updatedAt: now, document: {} });
      return found;
    },
  };
  const repository = learntDocuments(meddlesome, clock);
  for (const document of [{ a: 1 }, { a: 2 }]) await repository.save([{ part: 'm', savedAt: 5, document }]);
  expect(meddled).toBe(2);
  expect(await repository.load()).toEqual([{ part: 'm', savedAt: 5, document: { a: 2 } }]);
});
