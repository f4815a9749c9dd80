import { startFakeOllama, type FakeOllama } from '@tutti/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { nodesReady, startAgent, startOrchestrator, stopAll, temporaryFolder, type Orchestrator } from './processes.ts';
import { runEvents, type RunEvent } from './run-events.fixture.ts';

const leaseMs = 500;

let fake: FakeOllama;
let first: Orchestrator;
let second: Orchestrator;

/** Two orchestrators with one store, and an agent that both have; three answers and a synthesis take about 2 s. */
beforeEach(async () => {
  const folder = await temporaryFolder();
  const args = ['--data-folder', folder, '--run-lease-ms', String(leaseMs), '--shutdown-grace-ms', '0'];
  fake = await startFakeOllama({ models: ['llama:1b'], tokens: 25, tokenDelayMs: 20 });
  first = await startOrchestrator(args);
  second = await startOrchestrator(args);
  await startAgent({ name: 'node', orchestrators: [first, second], ollamaUrl: fake.url });
  await Promise.all([nodesReady(first, 1), nodesReady(second, 1)]);
});

afterEach(async () => {
  await stopAll();
  await fake.close();
});

const id = 'my-long-run';

/** Starts a run on the first orchestrator, and reads it there until an answer is in. */
async function untilAnswered(): Promise<RunEvent[]> {
  const response = await fetch(`${first.url}/api/patterns/ensemble`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: 'respond-async' },
    body: JSON.stringify({ id, query: 'Why is the sky blue?', ensembleSize: 3, strategy: 'synthesis' }),
  });
  expect(response.status).toBe(202);
  const seen: RunEvent[] = [];
  for await (const event of runEvents(first.url, id)) {
    seen.push(event);
    if (event.type === 'answered') break;
  }
  return seen;
}

it.each(['SIGKILL', 'SIGTERM'] as const)(
  'a run goes on elsewhere after a %s, and no answer is asked for again',
  async (signal) => {
    const seen = await untilAnswered();
    first.kill(signal);
    await first.exited;
    for await (const event of runEvents(second.url, id, seen.at(-1)!.seq)) seen.push(event);
    expect(seen.map(({ seq }) => seq)).toEqual(seen.map((_, index) => index + 1));
    expect(seen.filter(({ type }) => type === 'claimed')).toHaveLength(1);
    expect(seen.at(-1)).toMatchObject({ type: 'ended', state: 'COMPLETED' });
    const answered = seen.filter(({ type }) => type === 'answered').map(({ step }) => step);
    expect(new Set(answered).size).toBe(answered.length);
    const asked = seen.filter(({ type }) => type === 'asked').map(({ step }) => step);
    expect(new Set(asked).size).toBe(asked.length);
  },
);
