import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { startFakeOllama, type FakeOllama } from '@tutti/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cli, createTutti, stopCommands, type Tutti } from './cli.fixture.ts';
import { nodesReady, startAgent, startOrchestrator, stopAll, temporaryFolder, type Orchestrator } from './processes.ts';

let fake: FakeOllama;
let folder: string;

interface Conversation {
  readonly id: string;
  readonly state: string;
  readonly messages: readonly {
    readonly content: string;
    readonly specialist?: string;
    readonly toolUses?: readonly { readonly tool: string; readonly outcome: string; readonly output: string }[];
  }[];
  readonly questions?: readonly { readonly step: string; readonly question: { readonly effect: unknown } }[];
}

const steps = [{ specialist: 'reasoning', instruction: 'count it' }];

/** Plans one step, whose specialist wants to compute something, and says what came of it. */
function played(prompt: string): string {
  if (prompt.includes('<output-')) return 'It is forty-two.';
  if (!prompt.includes('Your part: count it')) return 'The final answer.';
  return '{"name": "calculator", "arguments": {"expression": "6 * 7"}}';
}

beforeEach(async () => {
  folder = await temporaryFolder();
  const models = [{ name: 'llama:1b', capabilities: ['completion' as const] }];
  fake = await startFakeOllama({ models, answer: played, instance: () => ({ steps }) });
});

afterEach(async () => {
  await stopCommands();
  await stopAll();
  await fake.close();
});

/** A process with the folder, whose calculator asks first. */
async function start(...args: readonly string[]): Promise<{ orchestrator: Orchestrator; tutti: Tutti }> {
  const rules = ['--tools-calculator', 'ask', ...args];
  const fixed = ['--data-folder', folder, '--run-lease-ms', '500', '--shutdown-grace-ms', '0'];
  const orchestrator = await startOrchestrator([...fixed, ...rules]);
  await startAgent({ name: `node-${orchestrator.facts.port}`, orchestrators: [orchestrator], ollamaUrl: fake.url });
  await nodesReady(orchestrator, 1);
  return { orchestrator, tutti: await createTutti({ TUTTI_URL: orchestrator.url }) };
}

const asking = ['converse', 'start', '--tools', 'calculator', 'What is 6 times 7?'];

it('a question shows what is asked, and an answer from elsewhere lets the turn go on', async () => {
  const { tutti } = await start();
  const { child, talk, out, exited } = tutti.start(...asking);
  child.stdin!.end();
  await expect.poll(talk, { timeout: 15_000 }).toMatch(/Answer with: /);
  expect(talk()).toMatch(
    / waits for a person: May "calculator" be used with these arguments\? \{"expression":"6 \* 7"\}\n/,
  );
  const [, id = '', step = ''] = /Answer with: tutti converse answer (\S+) (\S+) yes\|no\n/.exec(talk()) ?? [];
  expect(await tutti.run('converse', 'answer', id, step, 'yes')).toMatchObject({ code: 0 });
  expect(await exited).toBe(0);
  expect(out()).toBe('The final answer.\n');
});

it.each([
  [true, 'done', '42'],
  [false, 'denied', 'The user does not allow it.'],
])(
  'a question survives kill -9, and %s is taken by the next process',
  async (value, outcome, output) => {
    const first = await start();
    const { out } = await first.tutti.run(...asking, '--async');
    const id = out.trim();
    const path = `/api/agents/conversations/${id}`;
    const found = async ({ url }: Orchestrator) => (await (await fetch(url + path)).json()) as Conversation;
    await expect.poll(async () => (await found(first.orchestrator)).state).toBe('WAITING');
    first.orchestrator.kill('SIGKILL');
    await first.orchestrator.exited;

    const { orchestrator, tutti } = await start();
    const { state, questions = [] } = await found(orchestrator);
    expect({ state, questions }).toMatchObject({
      state: 'WAITING',
      questions: [{ question: { effect: { tool: 'calculator', arguments: { expression: '6 * 7' } } } }],
    });
    const answer = (word: unknown) =>
      fetch(`${orchestrator.url}${path}/human/${questions[0]!.step}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ value: word }),
      });
    expect((await answer('sure')).status).toBe(400);
    expect((await answer(value)).status).toBe(200);
    expect((await answer(value)).status).toBe(409);
    await expect.poll(async () => (await found(orchestrator)).state, { timeout: 15_000 }).toBe('IDLE');
    const { messages } = await found(orchestrator);
    expect(messages.find(({ specialist }) => specialist)?.toolUses).toMatchObject([
      { tool: 'calculator', outcome, output },
    ]);
    expect(messages.at(-1)?.content).toBe('The final answer.');

    const file = join(folder, 'turn.json');
    await writeFile(file, (await tutti.run('runs', 'export', `${id}-turn-1`)).out);
    expect(await tutti.json('runs', 'replay', file)).toMatchObject({ pattern: 'turn', differences: [] });
  },
  60_000,
);

it('a question that nobody answers expires, and the turn goes on without it', async () => {
  const { tutti } = await start('--tools-ask-ms', '300');
  const { messages } = await tutti.json<Conversation>(...asking);
  expect(messages.find(({ specialist }) => specialist)?.toolUses).toMatchObject([{ outcome: 'expired' }]);
  expect(messages.at(-1)?.content).toBe('The final answer.');
});

const scripting = spawnSync('script', ['--version']).status === 0;
const missing = scripting ? '' : ' (there is no program "script" here)';

it.skipIf(!scripting)(
  `at a terminal the question is put there, and put again until it is answered${missing}`,
  async () => {
    const { tutti } = await start();
    const command = [process.execPath, cli, ...asking].map((word) => `'${word}'`).join(' ');
    const child = spawn('script', ['-qec', command, devNull], { env: tutti.env, stdio: 'pipe' });
    let shown = '';
    child.stdout.on('data', (bytes: Buffer) => (shown += bytes.toString('utf8')));
    const exited = once(child, 'close');
    await expect.poll(() => shown, { timeout: 15_000 }).toMatch(/Allow it\? yes or no\? $/);
    child.stdin.write('perhaps\n');
    await expect.poll(() => shown, { timeout: 15_000 }).toMatch(/Allow it\?[^]*Allow it\? yes or no\? $/);
    child.stdin.write('no\n');
    await expect.poll(() => shown, { timeout: 15_000 }).toContain('tool calculator denied: ');
    await expect.poll(() => shown, { timeout: 15_000 }).toContain('The final answer.');
    child.stdin.end();
    expect(await exited).toEqual([0, null]);
  },
);
