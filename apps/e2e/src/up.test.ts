import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startFakeOllama } from '@tutti/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from './processes.ts';

const cli = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url));
const running = new Set<ChildProcess>();

interface Up {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly talk: () => string;
  readonly exited: Promise<number | string>;
}

afterEach(async () => {
  for (const child of running) child.kill('SIGTERM');
  await Promise.all([...running].map((child) => once(child, 'exit')));
});

/** `tutti up` in a home of its own, where no Ollama is found unless the test brings one. */
async function up(args: readonly string[], env: Record<string, string> = {}): Promise<Up> {
  const home = await mkdtemp(join(tmpdir(), 'tutti-up-'));
  const folders = {
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CACHE_HOME: join(home, 'cache'),
  };
  const child = spawn(process.execPath, [cli, 'up', ...args], {
    env: { ...process.env, ...folders, PORT: '', OLLAMA_HOST: '127.0.0.1:1', LLAMA_BASE_URL: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let out = '';
  let talk = '';
  child.stdout.on('data', (bytes: Buffer) => (out += bytes.toString('utf8')));
  child.stderr.on('data', (bytes: Buffer) => (talk += bytes.toString('utf8')));
  const exited = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve(code ?? signal ?? 1);
    });
  });
  return { child, out: () => out, talk: () => talk, exited };
}

const urlOf = ({ out }: Up): Promise<string> =>
  eventually(() => /Ollama clients +(http:\S+)[^]*Press Ctrl-C/.exec(out())?.[1], 'the banner and the answer');

const childrenOf = async ({ child }: Up): Promise<number[]> =>
  (await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')).trim().split(' ').map(Number);

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('tutti up --once', () => {
  it('exits with 0 after a real backend has answered', async () => {
    const fake = await startFakeOllama({ models: ['llama:1b'], answer: () => 'Paris, of course.' });
    const run = await up(['--port', '0', '--once'], { OLLAMA_HOST: fake.url });
    expect(await run.exited).toBe(0);
    expect(run.out()).toMatch(/the model server is ollama/);
    expect(run.out()).toMatch(
      /llama:1b, what is the capital of France\?\n {2}Paris, of course\.\n {2}\(.* tokens\/s, node .*\)/,
    );
    await fake.close();
  });

  it('fetches a broken model file again, says so, and then a real model answers', async ({ skip }) => {
    const cache = await mkdtemp(join(tmpdir(), 'tutti-cache-'));
    const models = join(cache, 'tutti', 'models');
    await mkdir(models, { recursive: true });
    await writeFile(join(models, 'SmolLM2-135M-Instruct.Q4_1.gguf'), 'broken');
    const run = await up(['--port', '0', '--once', '--json'], { XDG_CACHE_HOME: cache });
    const exit = await run.exited;
    expect(run.talk()).toMatch(/The cached file of smollm2:135m is broken \(.*\) and is fetched again\./);
    const { backend, real, answer } = JSON.parse(run.out()) as {
      backend: string;
      real: boolean;
      answer: { text: string };
    };
    if (backend === 'echo') return skip('no source has a model');
    expect([exit, real]).toEqual([0, true]);
    expect(answer.text).not.toBe('');
  }, 120_000);

  it('exits with 1 after an echo, and says that it was one', async () => {
    const run = await up(['--port', '0', '--once', '--backend', 'echo']);
    expect(await run.exited).toBe(1);
    expect(run.out()).toContain('I am an echo, not a model.');
    expect(run.talk()).toContain('Install Ollama');
  });

  it('prints one object with --json', async () => {
    const run = await up(['--port', '0', '--once', '--json', '--backend', 'echo']);
    await run.exited;
    const facts = JSON.parse(run.out()) as Record<string, unknown>;
    expect(facts).toMatchObject({ backend: 'echo', model: 'echo:latest', real: false });
    expect(facts.answer).toMatchObject({
      text: expect.stringContaining('I am an echo') as string,
      model: 'echo:latest',
    });
  });
});

describe('tutti up --host', () => {
  it('makes an admin key once, shows it, and its own agent joins', async () => {
    const data = await mkdtemp(join(tmpdir(), 'tutti-data-'));
    const args = ['--host', '0.0.0.0', '--port', '0', '--backend', 'echo', '--once', '--json'];
    const starts: { adminKey?: string; networkUrl: string; exposed: boolean; answer: { text: string } }[] = [];
    for (const _ of [1, 2]) {
      const run = await up(args, { XDG_DATA_HOME: data });
      await run.exited;
      starts.push(JSON.parse(run.out()) as (typeof starts)[number]);
    }
    const [first, second] = starts;
    expect(first).toMatchObject({ exposed: true, networkUrl: expect.stringMatching(/^http:\/\/.+:\d+$/) as string });
    expect(first!.adminKey).toMatch(/^tutti_/);
    expect(first!.answer.text).toContain('I am an echo');
    expect((await readFile(join(data, 'tutti', 'admin-key'), 'utf8')).trim()).toBe(first!.adminKey);
    expect(second!.adminKey).toBeUndefined();
    expect(second!.answer.text).toContain('I am an echo');
    await rm(data, { recursive: true });
  });

  it('tells how another machine joins', async () => {
    const run = await up(['--host', '0.0.0.0', '--port', '0', '--backend', 'echo']);
    await urlOf(run);
    expect(run.out()).toMatch(
      /Open to the network: keys are needed[^]*Admin key +tutti_[^]*Add a machine +tutti token create/,
    );
  });
});

describe('tutti up', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('ends with all its processes at %s, and frees its port', async (signal) => {
    const run = await up(['--port', '0', '--backend', 'echo']);
    const url = await urlOf(run);
    const children = await childrenOf(run);
    expect(children).toHaveLength(2);
    run.child.kill(signal);
    run.child.kill(signal);
    expect(await run.exited).toBe(0);
    expect(children.filter(isAlive)).toEqual([]);
    await expect(fetch(url)).rejects.toThrow();
  });

  it('ends without a word of trouble when it is stopped while it starts', async () => {
    const run = await up(['--port', '0', '--backend', 'echo']);
    await eventually(async () => (await childrenOf(run)).some((pid) => pid > 0) || undefined, 'a child');
    run.child.kill('SIGINT');
    expect(await run.exited).toBe(0);
    expect(run.talk()).toBe('');
  });

  it('goes on when the model fails at the first question', async () => {
    const fake = await startFakeOllama({ models: ['llama:1b'] });
    fake.fail('http500', { times: Infinity });
    const run = await up(['--port', '0', '--backend', 'ollama'], { OLLAMA_HOST: fake.url });
    const url = await urlOf(run);
    expect(run.talk()).toContain('The model did not answer');
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    await fake.close();
  });

  it('leaves no orphan when it is killed outright', async () => {
    const run = await up(['--port', '0', '--backend', 'echo']);
    await urlOf(run);
    const children = await childrenOf(run);
    run.child.kill('SIGKILL');
    await run.exited;
    await eventually(() => !children.some(isAlive) || undefined, 'the end of both children');
  });

  it('starts a part again that has ended', async () => {
    const run = await up(['--port', '0', '--backend', 'echo']);
    const url = await urlOf(run);
    const body = JSON.stringify({ model: 'echo', messages: [{ role: 'user', content: 'again' }], stream: false });
    for (const pid of await childrenOf(run)) {
      process.kill(pid, 'SIGKILL');
      await eventually(() => !isAlive(pid) || undefined, 'its end');
      const answered = async () =>
        (await fetch(`${url}/api/chat`, { method: 'POST', body }).catch(() => undefined))?.ok || undefined;
      await eventually(answered, 'an answer');
    }
    expect(run.talk()).toMatch(/The agent ended \(SIGKILL\) and is started again/);
  });

  it('runs twice side by side', async () => {
    const runs = await Promise.all([1, 2].map(() => up(['--port', '0', '--backend', 'echo'])));
    const urls = await Promise.all(runs.map(urlOf));
    expect(new Set(urls).size).toBe(2);
    for (const url of urls) expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });

  it('takes PORT from the environment', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    expect(await urlOf(await up(['--backend', 'echo'], { PORT: String(port) }))).toBe(`http://127.0.0.1:${port}`);
  });
});

describe('what keeps it from starting is a sentence with the fix, never a stack trace', () => {
  const expectSentence = async (run: Up, sentence: RegExp): Promise<void> => {
    expect(await run.exited).not.toBe(0);
    expect(run.talk()).toMatch(sentence);
    expect(run.talk()).not.toMatch(/^ +at /m);
  };

  it('a port that is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await expectSentence(
      await up(['--port', String(port), '--backend', 'echo']),
      new RegExp(`Port ${port} is taken.*choose another`),
    );
    server.close();
  });

  it('a port that is none', async () => {
    await expectSentence(await up(['--port', '70000', '--backend', 'echo']), /--port is "70000"/);
  });

  it('a model file that is not there', async () => {
    await expectSentence(
      await up(['--port', '0', '--backend', 'embedded', '--model-file', 'nowhere.gguf']),
      /"nowhere.gguf", which is no file/,
    );
  });

  it('a data folder that cannot be written', async () => {
    await expectSentence(
      await up(['--port', '0', '--backend', 'echo'], { XDG_DATA_HOME: '/dev/null' }),
      /\/dev\/null\/tutti.* cannot be (used|opened)/,
    );
  });

  it('an Ollama without models', async () => {
    const fake = await startFakeOllama({ models: [] });
    const run = await up(['--port', '0', '--backend', 'ollama', '--once'], { OLLAMA_HOST: fake.url });
    await expectSentence(run, /has no models.*ollama pull/);
    await fake.close();
  });
});
