import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startFakeOllama, type FakeOllama } from '@tutti/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { eventually, nodesReady, startOrchestrator, stopAll, temporaryFolder, type Orchestrator } from './processes.ts';
import { runEvents, type RunEvent } from './run-events.fixture.ts';

const kills = 10;
const answers = 64;
const text = `${'so '.repeat(18)}Answer: 7`;

let fake: FakeOllama;
let args: readonly string[];

/** One store and one model server, which answers one at a time; processes come and go. */
beforeEach(async () => {
  fake = await startFakeOllama({ models: ['llama:1b'], answer: () => text });
  const folder = await temporaryFolder();
  const config = join(folder, 'tutti.yaml');
  await writeFile(config, `nodes:\n  - { name: bare, kind: ollama, host: 127.0.0.1, port: ${fake.port} }\n`);
  args = ['--config', config, '--data-folder', folder, '--run-lease-ms', '500', '--shutdown-grace-ms', '0'];
});

afterEach(async () => {
  await stopAll();
  await fake.close();
});

async function start(): Promise<Orchestrator> {
  const orchestrator = await startOrchestrator(args);
  await nodesReady(orchestrator, 1);
  return orchestrator;
}

const id = 'killed-ten-times';
const stepsIn = (events: readonly RunEvent[], type: string): string[] =>
  events.flatMap((event) => (event.type === type ? [event.step!] : []));

/** Reads on until `isEnough` of what is new. */
async function readOn(
  { url }: Orchestrator,
  seen: RunEvent[],
  isEnough: (event: RunEvent) => boolean = () => false,
): Promise<void> {
  for await (const event of runEvents(url, id, seen.at(-1)?.seq)) {
    seen.push(event);
    if (isEnough(event)) return;
  }
}

it('ten kills of a run: it ends as if nothing had happened, and no answer is asked for again', async () => {
  // An answer takes about a second; without this, none.
  const hurry = fake.fail('slow', { times: Infinity, delayMs: 50 });
  const [first, second] = await Promise.all([start(), start()]);
  let owner = first;
  let others = [second];
  const body = { id, query: 'How many?', models: ['llama:1b'], ensembleSize: 4, samples: 16, strategy: 'vote' };
  const begun = await fetch(`${owner.url}/api/patterns/ensemble`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: 'respond-async' },
    body: JSON.stringify({ ...body, stop: 'none' }),
  });
  expect(begun.status).toBe(202);
  const seen: RunEvent[] = [];
  /** How many requests the model had had when a process died, and whose answers were stored by then. */
  const deaths: { readonly requests: number; readonly answered: ReadonlySet<string> }[] = [];
  for (let kill = 1; kill <= kills; kill++) {
    // Each gets something done, so that there is something to be lost.
    await readOn(owner, seen, ({ type }) => type === 'answered');
    owner.kill('SIGKILL');
    await owner.exited;
    const requests = fake.requests.length;
    const next = start();
    await readOn(others[0]!, seen, ({ type }) => type === 'claimed');
    deaths.push({ requests, answered: new Set(stepsIn(seen, 'answered')) });
    others.push(await next);
    owner = await eventually(() => others.find(({ log }) => log().includes('a run is taken over')), 'a new owner');
    others = others.filter((one) => one !== owner);
  }
  hurry();
  await readOn(owner, seen);

  expect(seen.map(({ seq }) => seq)).toEqual(seen.map((_, index) => index + 1));
  expect(seen.filter(({ type }) => type === 'claimed')).toHaveLength(kills);
  const { type, state, result } = seen.at(-1)!;
  expect({ type, state, result }).toMatchObject({
    ...{ type: 'ended', state: 'COMPLETED' },
    result: { answer: '7', agreement: 1, completions: Array.from({ length: answers }, () => ({ text })) },
  });
  expect(new Set(stepsIn(seen, 'answered')).size).toBe(answers);
  expect(stepsIn(seen, 'answered')).toHaveLength(answers);
  expect(stepsIn(seen, 'asked')).toHaveLength(answers);
  const asked = fake.requests.map(({ body: sent }) => {
    const { options } = JSON.parse(sent || '{}') as { options?: { seed?: number } };
    return `member.${options?.seed}`;
  });
  const repeated = deaths.flatMap(({ requests, answered }) =>
    asked.slice(requests).filter((step) => answered.has(step)),
  );
  expect(repeated).toEqual([]);
  expect(asked.filter((step) => step !== 'member.undefined').length).toBeGreaterThan(answers);
}, 90_000);
