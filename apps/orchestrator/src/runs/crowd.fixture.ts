import { setTimeout as pause } from 'node:timers/promises';
import {
  createMemoryRuns,
  done,
  localPrincipal,
  Priority,
  Privacy,
  progress,
  textDelta,
  ticketMachine,
  type Generate,
} from '@tutti/core';
import { patterns } from '@tutti/core/patterns';
import { systemClock as clock } from '@tutti/runtime';
import { createLog } from '@tutti/runtime/log';
import { openStore } from '@tutti/runtime/store';
import { createRuns, type Run } from './runs.ts';

// A process that does nothing else: a thousand votes at once, all open before the first ends.
const [file = '', mongodbUri = ''] = process.argv.slice(2);
const count = 1_000;
const { signal } = new AbortController();
const warnings: string[] = [];
process.on('warning', ({ name, message }) => void (name === 'ExperimentalWarning' || warnings.push(message)));

const store = file && (await openStore({ file, mongodbUri: mongodbUri || undefined, logRetentionMs: Infinity, clock }));
const allOpen = Promise.withResolvers<void>();
const facts = { resident: true, sizeBytes: 1e9, contextLength: 8_192, family: 'f', capabilities: ['completion'] };

const generate: Generate = async function* ({ model }) {
  yield progress({ case: 'dispatched', value: { node: 'n1', reason: 'test', attempt: 1 } });
  await allOpen.promise;
  for (let word = 0; word < 4; word++) {
    await pause(10);
    yield textDelta(`${model} `);
  }
  yield textDelta('Answer: 7');
  yield done({ reason: 'stop', usage: { promptTokens: 5, outputTokens: 5 } });
};

const runs = createRuns({
  ...{ repository: store ? store.runs : createMemoryRuns(), patterns, clock, orchestratorId: 'crowd', generate },
  log: createLog({ service: 'test', level: 'silent' }),
  models: () => ['m1', 'm2', 'm3'].map((name) => ({ name, ...facts })),
  isResident: () => true,
  nextTicket: ticketMachine(),
  enter: () => () => {},
  reenter: () => () => {},
  isFull: () => false,
});

const caller = { principal: localPrincipal, priority: Priority.DEFAULT, privacy: Privacy.CLUSTER, hops: 0 };
const body = { query: 'How many?', ensembleSize: 3, strategy: 'vote' };
const started: Run[] = [];
while (started.length < count) {
  // So many at once may be more than a store of a test takes.
  const run = await runs.start({ pattern: 'ensemble', body, caller }).catch(() => undefined);
  if (run) started.push(run);
}
const ends = Promise.all(started.map((run) => run.ended(signal)));
allOpen.resolve();
const completed = (await ends).filter(({ state }) => state === 'COMPLETED').length;
await runs.close();
if (store) await store.close();
process.stdout.write(JSON.stringify({ completed, warnings, mostBytes: process.resourceUsage().maxRSS * 1_024 }));
