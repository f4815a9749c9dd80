import { connect, type Socket } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startFakeOllama, type FakeOllama } from '@tutti/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  eventually,
  nodesReady,
  startAgent,
  startOrchestrator,
  stopAll,
  temporaryFolder,
  type Orchestrator,
} from '../processes.ts';
import { rawCorpus, type RawCase } from './raw-corpus.ts';
import { models } from './skeletons.ts';

let fake: FakeOllama;
let orchestrator: Orchestrator;

beforeAll(async () => {
  const config = join(await temporaryFolder(), 'config.yaml');
  await writeFile(config, 'server: { readTimeout: 2 }\n');
  fake = await startFakeOllama({ models: [models.chat], answer: () => 'fine' });
  orchestrator = await startOrchestrator(['--config', config]);
  await startAgent({ name: 'node0', orchestrators: [orchestrator], ollamaUrl: fake.url });
  await nodesReady(orchestrator, 1);
});

afterAll(async () => {
  await stopAll();
  await fake.close();
});

interface Outcome {
  readonly statuses: readonly number[];
  readonly closed: boolean;
}

/** How long a connection that stays open is looked at. */
const quietMs = 500;

async function outcomeOf({ sends, afterwards = 'wait', statuses, closed }: RawCase): Promise<Outcome> {
  const socket = connect({ port: orchestrator.facts.port, host: '127.0.0.1', allowHalfOpen: true });
  let text = '';
  let ended = false;
  socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
  socket.on('error', () => {});
  for (const event of ['end', 'close']) socket.once(event, () => (ended = true));
  await write(socket, sends, () => ended);
  if (afterwards === 'end') socket.end();
  if (afterwards === 'break') {
    // What was sent is there before the reset.
    await sleep(50);
    socket.resetAndDestroy();
    return { statuses: [], closed: true };
  }
  const told = (): number[] => [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
  if (closed === false) {
    await eventually(() => told().length >= statuses.length || ended || undefined, `answers: ${text}`);
    await sleep(quietMs);
  } else {
    await eventually(() => ended || undefined, `the end: ${text}`);
  }
  const outcome = { statuses: told(), closed: ended };
  socket.destroy();
  return outcome;
}

async function write(socket: Socket, sends: RawCase['sends'], isOver: () => boolean): Promise<void> {
  for (const piece of sends) {
    if (isOver()) return;
    if (typeof piece === 'number') await sleep(piece);
    else socket.write(piece);
  }
}

describe('what no HTTP library sends', () => {
  it.concurrent.each(rawCorpus)('$what: $statuses', { timeout: 30_000 }, async (raw) => {
    const { statuses, closed = true } = raw;
    expect(await outcomeOf(raw)).toEqual({ statuses, closed });
  });

  it('leaves the server well, and nothing at the backend', async () => {
    const body = JSON.stringify({ model: models.chat, messages: [{ role: 'user', content: 'x' }], stream: false });
    const answer = await fetch(`${orchestrator.url}/api/chat`, { method: 'POST', body });
    expect([answer.status, await answer.json()]).toMatchObject([200, { message: { content: 'fine' } }]);
    await eventually(() => fake.live === 0 || undefined, 'an idle backend');
    expect(orchestrator.log()).not.toMatch(/"level":"(error|fatal)"/);
  });
});
