import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startFakeOllama, type FakeOllama } from '@tutti/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cli, createTutti, stopCommands, type Tutti } from './cli.fixture.ts';
import { eventually, nodesReady, startAgent, startOrchestrator, stopAll } from './processes.ts';

const execute = promisify(execFile);
/** A tmux of our own: it is stopped whole. */
const socket = `tutti-chat-${process.pid}`;

let fake: FakeOllama;
let tutti: Tutti;

beforeAll(async () => {
  const orchestrator = await startOrchestrator();
  const answer = (prompt: string) => {
    const last = prompt.trim().split('\n').at(-1)!;
    return last.includes('for ever') ? endless() : `You said: ${last}`;
  };
  fake = await startFakeOllama({ models: ['llama:1b', 'qwen:2b'], answer, tokenDelayMs: 1 });
  await startAgent({ name: 'gpu0', orchestrators: [orchestrator], ollamaUrl: fake.url });
  await nodesReady(orchestrator, 1);
  tutti = await createTutti({ TUTTI_URL: orchestrator.url });
});

function* endless(): Generator<string> {
  for (;;) yield 'again ';
}

afterEach(() => execute('tmux', ['-L', socket, 'kill-server']).catch(() => {}));

afterAll(async () => {
  await stopCommands();
  await stopAll();
  await fake.close();
});

const chats = () =>
  fake.requests
    .filter(({ path }) => path === '/api/chat')
    .map(
      ({ body }) =>
        JSON.parse(body) as { model: string; options?: object; messages: { role: string; content: string }[] },
    );

describe('tutti chat, by a pipe', () => {
  it('each line is a question, what was said before goes with it, and /bye leaves', async () => {
    const { code, out } = await tutti.type('one\ntwo\n/bye\nthree\n', 'chat', 'llama:1b');
    expect([code, out]).toEqual([0, 'You said: one\nYou said: two\n']);
    expect(chats().at(-1)!.messages).toEqual([
      { role: 'user', content: 'one' },
      { role: 'assistant', content: 'You said: one' },
      { role: 'user', content: 'two' },
    ]);
  });

  it('texts of several lines stand between triple quotes', async () => {
    const { out } = await tutti.type('"""first\n/second\nthird"""\n', 'chat', 'llama:1b');
    expect(out).toBe('You said: third\n');
    expect(chats().at(-1)!.messages).toEqual([{ role: 'user', content: 'first\n/second\nthird' }]);
  });

  it('settings go with the questions', async () => {
    const lines = ['/set parameter temperature 0.5', '/set system "Be brief."', '/model qwen:2b', 'hello'];
    await tutti.type(lines.join('\n'), 'chat', 'llama:1b', '--node', 'gpu0');
    expect(chats().at(-1)).toMatchObject({
      model: 'qwen:2b',
      options: { temperature: 0.5 },
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'hello' },
      ],
    });
  });

  it('/clear forgets, /route and /show tell, and a wrong command is told', async () => {
    const { out, talk } = await tutti.type('one\n/clear\n/route\n/show\n/nope\ntwo\n', 'chat', 'llama:1b');
    expect(out).toBe('You said: one\nYou said: two\n');
    expect(talk).toMatch(/Forgotten\.\nnode +gpu0\nroute +\S[^]*architecture +llama[^]*\/nope is no command/);
    expect(chats().at(-1)!.messages).toEqual([{ role: 'user', content: 'two' }]);
  });

  it('an error ends it with its code', async () => {
    expect(await tutti.type('hello\n', 'chat', 'nope:1b')).toMatchObject({ code: 5, out: '' });
  });
});

describe('tutti chat, at a terminal', () => {
  const type = (...keys: readonly string[]) => execute('tmux', ['-L', socket, 'send-keys', ...keys]);
  const screen = async () => (await execute('tmux', ['-L', socket, 'capture-pane', '-p'])).stdout;
  const sees = (text: RegExp) =>
    eventually(async () => text.test(await screen()) || undefined, `${text} on the screen`).catch(
      async (error: Error) => {
        throw new Error(`${error.message}\n${await screen()}`);
      },
    );

  it('Ctrl-C stops an answer, Ctrl-D leaves, and the history is kept for its owner', async ({ skip }) => {
    const version = await execute('tmux', ['-V']).catch(() => undefined);
    if (!version) return skip('this machine has no tmux');
    const command = `"${process.execPath}" "${cli}" chat llama:1b; echo "gone $?"; sleep 60`;
    const names = ['TUTTI_URL', 'TUTTI_CONFIG', 'XDG_DATA_HOME', 'XDG_STATE_HOME'];
    const settings = names.flatMap((name) => ['-e', `${name}=${tutti.env[name]}`]);
    await execute('tmux', [
      '-L',
      socket,
      '-f',
      '/dev/null',
      'new-session',
      '-d',
      '-x',
      '100',
      '-y',
      '40',
      ...settings,
      command,
    ]);
    await sees(/>>>\s*$/);
    await type('hello', 'Enter');
    await sees(/You said: hello\ngpu0 - llama:1b - \d+ tok\/s - ctx \d+\n>>>/);
    await type('for ever', 'Enter');
    await sees(/again again/);
    await type('C-c');
    await sees(/again\s*\n>>> *\n/);
    await fake.whenAborted();
    await type('/set', 'Space', 'verbose', 'Enter');
    await sees(/Set verbose/);
    await type('Up', 'Up', 'Up', 'Enter');
    await sees(/>>> hello\nYou said: hello\n+node +gpu0/);
    await type('C-d');
    await sees(/gone 0/);
    const file = join(tutti.env.XDG_STATE_HOME!, 'tutti', 'chat-history');
    expect((await readFile(file, 'utf8')).split('\n')).toContain('for ever');
    expect((await stat(file)).mode & 0o077).toBe(0);
  });
});
