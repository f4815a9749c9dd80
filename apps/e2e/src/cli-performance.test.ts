import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startFakeOllama, type FakeOllama } from '@tutti/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTutti, stopCommands, type Tutti } from './cli.fixture.ts';
import { nodesReady, startAgent, startOrchestrator, stopAll, temporaryFolder } from './processes.ts';

const models = ['llama:1b', 'qwen:2b'];

let fakes: FakeOllama[];
let tutti: Tutti;

beforeAll(async () => {
  const orchestrator = await startOrchestrator();
  fakes = await Promise.all([0, 1].map(() => startFakeOllama({ models })));
  for (const [index, { url }] of fakes.entries())
    await startAgent({ name: `gpu${index}`, orchestrators: [orchestrator], ollamaUrl: url });
  await nodesReady(orchestrator, 2);
  tutti = await createTutti({ TUTTI_URL: orchestrator.url });
});

afterAll(async () => {
  await stopCommands();
  await stopAll();
  await Promise.all(fakes.map((fake) => fake.close()));
});

/** Asks a model once; the id of the request and the node that answered. */
const ask = (...args: string[]) => tutti.json<{ requestId: string; node: string }>('run', 'llama:1b', 'hello', ...args);

describe('why', () => {
  it('shows which nodes were weighed for a request, which one was chosen, and what came of it', async () => {
    const { requestId, node } = await ask();
    const { code, out } = await tutti.run('why', requestId);
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`^Request ${requestId}, \\d+ seconds? ago\\nllama:1b`));
    expect(out).toMatch(new RegExp(`\\nAttempt 1: ${node}, .*\\(cost, after .*\\)\\n +NODE +HOW +TOTAL`));
    expect(out).toMatch(new RegExp(`\\n +\\* +${node} +`));
    expect(out).toMatch(/\n {7}gpu[01] +/);
    expect(out).toMatch(new RegExp(`\\n\\nOutcome: ok on ${node}, 1 attempt\\n`));
  });

  it('names the nodes that could not be, and why', async () => {
    const { requestId } = await ask('--node', 'gpu1');
    expect(await tutti.json('why', requestId)).toMatchObject({
      choices: [{ node: 'gpu1', candidates: [{ node: 'gpu1' }], excluded: [{ node: 'gpu0' }] }],
      outcome: { status: 'ok', node: 'gpu1', outputTokens: expect.any(Number) },
    });
  });

  it('does not know every id', async () => {
    const { code, out, talk } = await tutti.run('why', 'nonsense');
    expect([code, out]).toEqual([5, '']);
    expect(talk).toMatch(/No request "nonsense" is known here\..*10000/);
  });
});

describe('prewarm', () => {
  it('loads a model that is in no memory, and finds it there the second time', async () => {
    const first = await tutti.run('prewarm', 'qwen:2b', '--node', 'gpu0', '--num-ctx', '8192');
    expect(first).toMatchObject({ code: 0, out: '' });
    expect(first.talk).toMatch(/^qwen:2b is in the memory of gpu0 with a context of 8192 tokens, after \d/);
    const { out } = await tutti.run('ps');
    expect(out).toMatch(/qwen:2b +gpu0 .* 8192 /);
    const second = await tutti.json('prewarm', 'qwen:2b', '--node', 'gpu0');
    expect(second).toMatchObject({ model: 'qwen:2b', node: 'gpu0', resident: true, loadMs: 0, evicted: [] });
  });

  it('refuses what is nowhere', async () => {
    expect(await tutti.run('prewarm', 'nope')).toMatchObject({
      code: 5,
      talk: expect.stringContaining("'nope' not found"),
    });
    expect(await tutti.run('prewarm', 'qwen:2b', '--node', 'gpu7')).toMatchObject({ code: 5 });
    expect(await tutti.run('prewarm', 'qwen:2b', '--num-ctx', 'many')).toMatchObject({ code: 2 });
  });
});

describe('simulate', () => {
  it('replays what ran, keeps it, and replays what it kept', async () => {
    const file = join(await temporaryFolder(), 'trace.json');
    await ask();
    const { code, out, talk } = await tutti.run('simulate', '--save', file, '--policy', 'cost', 'round-robin');
    expect({ code, talk }).toEqual({ code: 0, talk: expect.stringMatching(/Replaying \d+ calls of .* on 2 nodes/) });
    expect(out).toMatch(/^POLICY +ANSWERED +FAILED +MEAN +P95 .*\ncost +\d+ +0 .*\nround-robin +\d+ +0 .*\n$/);
    const kept = JSON.parse(await readFile(file, 'utf8')) as { calls: object[] };
    expect(kept.calls.length).toBeGreaterThan(0);
    expect(JSON.stringify(kept)).not.toContain('hello');
    expect(
      await tutti.json('simulate', '--file', file, '--policy', 'cost', '--url', 'http://127.0.0.1:2'),
    ).toMatchObject({
      calls: kept.calls.length,
      policies: [{ policy: 'cost', answered: kept.calls.length, failed: 0, meanMs: expect.any(Number) }],
    });
  });

  it('refuses policies and files that it does not know', async () => {
    expect(await tutti.run('simulate', '--policy', 'luck')).toMatchObject({ code: 2 });
    expect(await tutti.run('simulate', '--file', 'nowhere.json')).toMatchObject({
      code: 2,
      talk: expect.stringContaining('--file nowhere.json cannot be read (ENOENT)'),
    });
  });
});

it('the shell completes models, nodes and policies', async () => {
  expect((await tutti.run('complete', '--', 'prewarm', 'qw')).out).toMatch(/^qwen:2b\t/);
  expect((await tutti.run('complete', '--', 'prewarm', 'qwen:2b', '--node', '')).out).toMatch(/^gpu0\t/m);
});
