import { startFakeOllama, type FakeOllama } from '@tutti/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTutti, stopCommands, type Tutti } from './cli.fixture.ts';
import { nodesReady, startAgent, startOrchestrator, stopAll, temporaryFolder } from './processes.ts';

let fake: FakeOllama;
let folder: string;
let tutti: Tutti;

interface Conversation {
  readonly id: string;
  readonly state: string;
  readonly executionId: string;
  readonly messages: readonly { readonly role: string; readonly content: string; readonly specialist?: string }[];
}

beforeAll(async () => {
  folder = await temporaryFolder();
  const orchestrator = await startOrchestrator(['--data-folder', folder]);
  fake = await startFakeOllama({ models: ['llama:1b', 'slow:1b'], answer: () => 'It is forty-two.' });
  fake.fail('slow', { times: Infinity, model: 'slow:1b', delayMs: 1_000 });
  await startAgent({ name: 'gpu0', orchestrators: [orchestrator], ollamaUrl: fake.url });
  await nodesReady(orchestrator, 1);
  tutti = await createTutti({ TUTTI_URL: orchestrator.url });
});

afterAll(async () => {
  await stopCommands();
  await stopAll();
  await fake.close();
});

const start = ['converse', 'start', '--model', 'llama:1b'];

describe('converse', () => {
  it('starts, says, shows, lists and forgets', async () => {
    const { code, out, talk } = await tutti.run(...start, 'What is 6 times 7?');
    expect({ code, talk }).toMatchObject({ code: 0 });
    expect(out).toBe('It is forty-two.\n');
    const [, id = ''] = /^Conversation (\S+)\n/.exec(talk) ?? [];
    expect(talk).toMatch(/\nCOMPLETED: \d+ calls, \d+ tokens\n$/);
    const said = await tutti.json<Conversation>('converse', 'say', id, 'And why?');
    expect(said).toMatchObject({ id, state: 'IDLE' });
    expect(said.messages.filter(({ role }) => role === 'user')).toHaveLength(2);
    const { out: shown } = await tutti.run('converse', 'show', id);
    expect(shown).toMatch(new RegExp(`^Conversation ${id}\\n +state +IDLE\\n`));
    expect(shown).toContain('\n\nuser: And why?\n\n');
    expect(shown).toContain('\n\nassistant (llama:1b): It is forty-two.');
    expect((await tutti.run('converse', 'ls')).out).toMatch(
      new RegExp(`^ID +STATE .*\\n${id} +IDLE .* What is 6 times 7\\?\\n`),
    );
    expect((await tutti.run('complete', '--', 'converse', 'show', id.slice(0, 6))).out).toMatch(id);
    expect(await tutti.run('converse', 'rm', id)).toMatchObject({
      code: 0,
      out: '',
      talk: `Conversation ${id} is forgotten.\n`,
    });
    expect(await tutti.run('converse', 'show', id)).toMatchObject({ code: 5, out: '' });
  });

  it('reads what is said from stdin, and is one object for programs', async () => {
    expect(await tutti.type('What is 6 times 7?', ...start, '--quiet')).toEqual({
      code: 0,
      out: 'It is forty-two.\n',
      talk: '',
    });
    const found = await tutti.json<Conversation>(...start, '--tools', 'calculator', 'What is 6 times 7?');
    expect(found).toMatchObject({ state: 'IDLE', tools: ['calculator'] });
  });

  it('does not wait with --async, and ends the turn at Ctrl-C', async () => {
    const slow = ['converse', 'start', '--model', 'slow:1b'];
    const { out } = await tutti.run(...slow, '--async', 'Why?');
    const id = out.trim();
    expect(await tutti.json('converse', 'show', id)).toMatchObject({ id, state: 'RUNNING' });
    const { child, talk, exited } = tutti.start(...slow, 'Why?');
    await expect.poll(talk).toMatch(/ asks slow:1b/);
    child.kill('SIGINT');
    expect(await exited).toBe(130);
    expect(talk()).toMatch(/\nCANCELLED: /);
  });

  it('says a second thing when the first has its answer', async () => {
    const { out } = await tutti.run('converse', 'start', '--model', 'slow:1b', '--async', 'Why?');
    const id = out.trim();
    const { code, talk } = await tutti.run('converse', 'say', id, 'And how?');
    expect({ code, talk }).toMatchObject({
      code: 0,
      talk: expect.stringMatching(/^A turn goes on; this is said after it\.\n/),
    });
    const { messages } = await tutti.json<Conversation>('converse', 'show', id);
    expect(messages.filter(({ role }) => role === 'user').map(({ content }) => content)).toEqual(['Why?', 'And how?']);
  }, 60_000);

  it('runs replay knows the turns of conversations, with their tools', async () => {
    const { executionId } = await tutti.json<Conversation>(...start, '--tools', 'calculator', 'What is 6 times 7?');
    expect(await tutti.json('runs', 'replay', executionId)).toMatchObject({
      ...{ id: executionId, pattern: 'turn', state: 'COMPLETED', differences: [] },
    });
  });

  it.each([
    [2, ['start', '--tools', 'abacus', 'why?'], /abacus.*calculator/],
    [2, ['start'], /There is no question/],
    [5, ['say', 'no-such-conversation', 'why?'], /no-such-conversation/],
    [5, ['answer', 'no-such-conversation', 'step.1', 'yes'], /no-such-conversation/],
    [2, ['answer', 'no-such-conversation', 'step.1', 'maybe'], /maybe.*yes, no/],
    [5, ['rm', 'no-such-conversation'], /no-such-conversation/],
  ])('exits with %d for %j', async (code, args, expected) => {
    expect(await tutti.run('converse', ...args)).toMatchObject({
      code,
      out: '',
      talk: expect.stringMatching(expected),
    });
  });
});

describe('run --pattern --no-durable', () => {
  const vote = ['run', '--pattern', 'ensemble', '--strategy', 'vote', '--models', 'llama:1b'];

  it('keeps nothing that another process could go on with, and excludes --async', async () => {
    const { id } = await tutti.json<{ id: string }>(...vote, '--no-durable', 'Why?');
    const kept = await tutti.json<{ id: string }>(...vote, 'Why?');
    const other = await startOrchestrator(['--data-folder', folder]);
    const statuses = [id, kept.id].map(
      async (run) => (await fetch(`${other.url}/api/patterns/execution/${run}`)).status,
    );
    expect(await Promise.all(statuses)).toEqual([404, 200]);
    expect(await tutti.run(...vote, '--no-durable', '--async', 'Why?')).toMatchObject({
      code: 2,
      talk: expect.stringContaining('--async'),
    });
  });
});
