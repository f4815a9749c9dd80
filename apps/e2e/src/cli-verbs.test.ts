import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { startFakeOllama, type FakeOllama } from '@tutti/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli, createTutti, stopCommands, type Tutti } from './cli.fixture.ts';
import { eventually, nodesReady, startAgent, startOrchestrator, stopAll } from './processes.ts';

const models = ['llama:1b', 'qwen:2b'];

let fake: FakeOllama;
let tutti: Tutti;

beforeAll(async () => {
  const orchestrator = await startOrchestrator();
  fake = await startFakeOllama({ models, answer: (prompt) => `You said: ${prompt.trim().split('\n').at(-1)}` });
  await startAgent({ name: 'gpu0', orchestrators: [orchestrator], ollamaUrl: fake.url });
  await nodesReady(orchestrator, 1);
  tutti = await createTutti({ TUTTI_URL: orchestrator.url, OLLAMA_HOST: fake.url });
});

afterAll(async () => {
  await stopCommands();
  await stopAll();
  await fake.close();
});

interface Case {
  readonly args: readonly string[];
  /** 0 if left out. */
  readonly code?: number;
  readonly out?: RegExp;
  readonly talk?: RegExp;
  /** What `--json` prints. */
  readonly json?: object;
}

const nothing = /^$/;
const anything: unknown = expect.anything();
const arrayWith = (item: object): unknown => expect.arrayContaining([expect.objectContaining(item)]);

/** In this order: what one changes, the next sees. */
const cases: readonly Case[] = [
  {
    args: ['ls'],
    out: /^NAME +ID +SIZE +NODES +LOADED\nllama:1b +[\da-f]{12} +\d+ MB +gpu0 +-\nqwen:2b /,
    json: { models: arrayWith({ name: 'llama:1b', nodes: ['gpu0'] }) },
  },
  {
    args: ['run', 'llama:1b', 'good', 'morning'],
    out: /^You said: good morning\n$/,
    talk: nothing,
    json: { text: 'You said: good morning', node: 'gpu0', route: anything, requestId: anything, outputTokens: 4 },
  },
  { args: ['run', 'llama:1b', 'hello', '--verbose', '--node', 'gpu0'], out: /hello/, talk: /node +gpu0\nroute +\S/ },
  { args: ['run', 'llama:1b', 'hello', '--node', 'gpu7'], code: 6, talk: /gpu7/, out: nothing },
  { args: ['run', 'llama:1b', 'hello', '--format', '{"type":'], code: 2, talk: /Use json, or a JSON schema/ },
  { args: ['run', 'lama:1b', 'hello'], code: 5, talk: /'lama:1b' not found/ },
  { args: ['run', 'llama:1b'], code: 2, talk: /There is no question/ },
  {
    args: ['ps'],
    out: /llama:1b +gpu0 +\d+ MB +\S+ \S+ +4096 +0 +1 day from now/,
    json: { models: [{ model: 'llama:1b', node: 'gpu0' }] },
  },
  {
    args: ['show', 'llama:1b'],
    out: /Model\n +architecture +llama\n.*\n +context length +8192/,
    json: { details: anything },
  },
  { args: ['show', 'nope'], code: 5, talk: /'nope' not found/ },
  { args: ['stop', 'qwen:2b'], code: 5, talk: /qwen:2b is not in memory\. In memory are: llama:1b/ },
  { args: ['stop', 'llama:1b', '--node', 'gpu7'], code: 5, talk: /not in memory/ },
  { args: ['stop', 'llama:1b'], out: nothing, talk: /llama:1b is no longer in the memory of gpu0/ },
  {
    args: ['pull', 'tiny:1b'],
    out: nothing,
    talk: /pulling manifest\npulling [\da-f]+: [^]*1\.0 MB of 1\.0 MB\n[^]*success\ntiny:1b is on node gpu0/,
  },
  { args: ['pull', 'tiny:1b', '--node', 'gpu7'], code: 6, talk: /"gpu7" cannot pull.*gpu0/ },
  { args: ['rm', 'tiny:1b', 'qwen:2b'], talk: /tiny:1b is deleted from gpu0\.\nqwen:2b is deleted/ },
  { args: ['rm', 'qwen:2b'], code: 5, talk: /'qwen:2b' not found/ },
  {
    args: ['nodes'],
    out: /^NODE +STATE +TIER +GPU\/VRAM +MODELS +LOADED +BUSY +HEARTBEAT\ngpu0 +ready .* 0\/5 +\d+ seconds? ago\n$/,
    json: { nodes: [expect.objectContaining({ name: 'gpu0', status: 'READY' })] },
  },
  { args: ['node', 'gpu0'], out: /^name +gpu0\nstate +ready\n[^]*slots +0 of 5 busy/, json: { name: 'gpu0' } },
  { args: ['node', 'gpu1'], code: 5, talk: /no node "gpu1"/ },
  {
    args: ['node', 'cordon', 'gpu0'],
    out: nothing,
    talk: /Node gpu0 gets no new calls\./,
    json: { name: 'gpu0', status: 'CORDONED' },
  },
  { args: ['nodes'], out: /gpu0 +cordoned .*\n\ngpu0: .*"tutti node uncordon gpu0" gives it calls again/ },
  { args: ['node', 'uncordon', 'gpu0'], talk: /Node gpu0 gets calls again/ },
  { args: ['node', 'drain', 'gpu0'], talk: /0 still run on it/, json: { status: 'DRAINING' } },
  { args: ['node', 'drain', 'gpu0', '--deadline', 'soon'], code: 2, talk: /Use a time such as 90s/ },
  {
    args: ['node', 'drain', 'gpu0', '--deadline', '120s', '--wait'],
    out: nothing,
    talk: /0 still run on it\.\nNode gpu0 is drained\./,
    json: { status: 'DRAINING' },
  },
  { args: ['run', 'llama:1b', 'hello', '--node', 'gpu0'], code: 6, out: nothing },
  { args: ['node', 'uncordon', 'gpu0'], json: { status: 'READY' } },
  { args: ['node', 'drain', 'gpu1'], code: 5, talk: /no node "gpu1"/ },
  {
    args: ['status'],
    out: /^ok: 1 of 1 nodes ready, .*\n.* 0 waiting\n.*Tutti \d.*\n\nNODE /,
    json: { status: 'ok', nodesReady: 1, nodes: [expect.objectContaining({ name: 'gpu0' })] },
  },
  { args: ['queue'], out: /^0 waiting \(at most 100\), 0 running \(at most 20\)\n$/, json: { waiting: 0, calls: [] } },
  { args: ['queue', 'cancel', 'nobody'], code: 5, out: nothing, talk: /No call of request "nobody" waits/ },
  { args: ['queue', 'pause'], out: nothing, talk: /The queue is paused; 0 wait/, json: { paused: true } },
  { args: ['queue'], out: /PAUSED/ },
  { args: ['queue', 'resume'], out: nothing, talk: /The queue goes on/, json: { paused: false } },
  { args: ['logs', '--level', 'info', '--node', 'gpu0'], out: /info {2}agent gpu0: serving .*name=gpu0/ },
  { args: ['logs', '-n', '1', '--since', '1h'], out: /^\d{4}-\S+Z \S+ +\S+.*\n$/ },
  { args: ['logs', '--since', 'yesterday'], code: 2, talk: /--since .*10m/ },
  { args: ['token', 'create'], code: 1, talk: /only|loopback|machine/ },
  { args: ['token', 'ls'], out: /^ID +USES LEFT/, json: { tokens: [] } },
  { args: ['keys', 'admin'], code: 5, talk: /no admin key .*tutti up --host/ },
  { args: ['config', 'validate', 'missing.yaml'], code: 1, out: /missing\.yaml/ },
  { args: ['config', 'validate'], out: /valid/, json: { valid: true } },
  {
    args: ['config', 'show'],
    out: /server\.port +3001\n/,
    json: { settings: arrayWith({ path: 'server.port', value: 3001 }) },
  },
  {
    args: ['config', 'show', '--origin', '--agent'],
    out: /server\.port +3001 +default\n[^]*agent\.ollamaHost +\S+ +env OLLAMA_HOST/,
  },
  { args: ['config', 'schema'], out: /"\$id": "\/schema\/config\.json"/ },
  {
    args: ['doctor'],
    out: /Node\.js +ok[^]*Ollama +ok +0\.17\.4 at[^]*orchestrator +ok[^]*nodes +ok +1 of 1 ready/,
    json: { healthy: true },
  },
  { args: ['completion', 'bash'], out: /tutti complete --/ },
  { args: ['complete', '--', 'run', 'll'], out: /^llama:1b\t/ },
  { args: ['complete', '--', 'node', 'drain', ''], out: /^gpu0\t/ },
  { args: ['complete', '--', 'ru'], out: /^run\tAsk a model once/ },
  { args: ['rnu'], code: 2, talk: /Did you mean run\?/ },
  { args: ['run', 'llama:1b', 'x', '--verbos'], code: 2, talk: /Did you mean --verbose\?/ },
  {
    args: ['ls', '--url', 'http://127.0.0.1:2'],
    code: 3,
    talk: /No orchestrator answers at http:\/\/127\.0\.0\.1:2 .*tutti up/,
  },
  { args: ['ls', '--url', 'http://:x'], code: 2, talk: /is no address/ },
  { args: ['ls', '--key-file', 'nowhere'], code: 2, talk: /--key-file nowhere cannot be read/ },
  { args: ['--version'], out: /^\d+\.\d+\.\d+\n$/ },
  { args: ['--help'], out: /^Examples:\n {2}tutti up\n[^]*Models:\n/ },
  { args: ['help', 'run'], out: /^Examples:\n[^]*--verbose/ },
];

/** What changes something would change it twice. */
const changing = new Set(['stop', 'pull', 'rm']);

describe('tutti', () => {
  it.each(cases.map((each) => ({ ...each, line: each.args.join(' ') })))(
    '$line',
    async ({ args, code = 0, out, talk, json }) => {
      const text = await tutti.run(...args);
      expect({ line: args, code: text.code, talk: text.talk }).toEqual({ line: args, code, talk: expect.any(String) });
      if (out) expect(text.out).toMatch(out);
      if (talk) expect(text.talk).toMatch(talk);
      expect(text.talk + text.out).not.toMatch(/^ +at .*:\d+:\d+|This is a bug/m);
      if (json && !changing.has(args[0]!)) expect(await tutti.json(...args)).toMatchObject(json);
    },
  );
});

describe('streams', () => {
  it('a prompt and a pipe are one question', async () => {
    const line = `printf 'from the pipe' | "${process.execPath}" "${cli}" run llama:1b 'Sum this up.'`;
    const out = await new Promise<string>((resolve) => {
      execFile('sh', ['-c', line], { env: tutti.env }, (_, stdout) => resolve(stdout));
    });
    expect(out).toBe('You said: from the pipe\n');
    const asked = fake.requests.findLast(({ path }) => path === '/api/chat');
    expect(JSON.parse(asked!.body)).toMatchObject({ messages: [{ content: 'Sum this up.\n\nfrom the pipe' }] });
  });

  it('pull --json prints each step as a line', async () => {
    const { code, out } = await tutti.run('pull', 'tiny:2b', '--json');
    const steps = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { status: string; node: string });
    expect([code, steps[0], steps.at(-1)]).toEqual([
      0,
      { node: 'gpu0', status: 'pulling manifest' },
      { node: 'gpu0', status: 'success' },
    ]);
  });

  it('logs -f shows the lines of a request of both processes, oldest first, and ends with 130', async () => {
    const stored = async () => (await tutti.run('logs')).out.includes('node registered') || undefined;
    await eventually(stored, 'lines that are there already');
    const run = tutti.start('logs', '-f', '--level', 'info');
    await eventually(() => run.out().includes('serving') || undefined, 'the lines so far');
    const { requestId } = await tutti.json<{ requestId: string }>('run', 'llama:1b', 'hello');
    const seen = () =>
      run
        .out()
        .split('\n')
        .filter((line) => line.includes(requestId));
    await eventually(() => seen().some((line) => line.includes('agent gpu0')) || undefined, 'the line of the agent');
    run.child.kill('SIGINT');
    expect(await run.exited).toBe(130);
    expect(run.out()).toMatch(/orchestrator: serving [^]*orchestrator: node registered /);
    const { out } = await tutti.run('logs', '--request', requestId);
    expect(out).toMatch(/agent gpu0: /);
  });

  it('status --watch prints it again and again', async () => {
    const run = tutti.start('status', '--watch', '--json');
    await eventually(() => run.out().split('\n').length > 2 || undefined, 'two states');
    run.child.kill('SIGINT');
    expect(await run.exited).toBe(130);
  });

  it('an answer that breaks is an error', async () => {
    const restore = fake.fail('http500', { times: Infinity });
    const { code, talk } = await tutti.run('run', 'llama:1b', 'hello');
    restore();
    expect(code).toBe(1);
    expect(talk).not.toBe('');
  });
});

describe('settings', () => {
  it('config init writes a file that is valid, once', async () => {
    const { env, ...person } = await createTutti();
    expect(await person.run('config', 'init')).toEqual({ code: 0, out: 'tutti.yaml\n', talk: '' });
    expect((await person.run('config', 'init')).talk).toMatch(/tutti\.yaml is there already/);
    expect((await person.run('config', 'validate', 'tutti.yaml')).out).toMatch(/tutti\.yaml: valid/);
    expect(await stat(env.XDG_DATA_HOME!).catch(() => 'not made')).toBe('not made');
  });

  it('doctor names what is wrong and ends with 1', async () => {
    const lonely = await createTutti({ TUTTI_SERVER_PORT: '2', TUTTI_SERVER_GRPC_PORT: '4' });
    const { code, out } = await lonely.run('doctor');
    expect(code).toBe(1);
    expect(out).toMatch(/Ollama +warning +nobody answers[^]*orchestrator +broken +No orchestrator answers/);
    expect(out).toMatch(/\n\n1\. Ollama: Start Ollama[^]*\d\. orchestrator: Start one with "tutti up"/);
  });
});
