import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { chatModel, embedModel } from '../../../tools/ollama/recipes.ts';
import { startOllama, type RealOllama } from '../../../tools/ollama/start-ollama.ts';
import { eventually, nodesReady, startAgent, startOrchestrator, stopAll } from './processes.ts';

const execute = promisify(execFile);
const ollama = inject('ollama');

describe.skipIf(!ollama.available)("Ollama's own program, with OLLAMA_HOST set to Tutti", () => {
  let real: RealOllama;
  let home: string;
  let host: string;

  beforeAll(async () => {
    if (!ollama.available) return;
    home = await mkdtemp(join(tmpdir(), 'tutti-ollama-home-'));
    real = await startOllama(ollama);
    const orchestrator = await startOrchestrator();
    const args = ['--ollama-models', real.modelsFolder];
    await startAgent({ name: 'real', orchestrators: [orchestrator], ollamaUrl: real.url, args });
    await nodesReady(orchestrator, 1);
    host = orchestrator.url;
  });

  afterAll(async () => {
    await stopAll();
    await real?.close();
    await rm(home, { recursive: true, force: true });
  });

  async function run(...args: readonly string[]): Promise<string> {
    if (!ollama.available) return '';
    const env = { PATH: process.env['PATH'], HOME: home, OLLAMA_HOST: host };
    const running = execute(ollama.binary, args, { env });
    running.child.stdin?.end();
    return (await running).stdout;
  }

  it('lists, shows and runs models', async () => {
    expect(await run('list')).toMatch(/^NAME +ID +SIZE +MODIFIED *\n[^]*^smollm2:135m /m);
    expect(await run('show', chatModel)).toMatch(/architecture +llama/);
    expect(await run('run', chatModel, 'Say hello.')).not.toBe('');
    expect(await run('ps')).toMatch(/^smollm2:135m /m);
    expect(JSON.parse(await run('run', embedModel, 'the sky'))).toHaveLength(384);
  });

  it('stops a model right after it was used', async () => {
    await run('run', chatModel, 'Say hello.');
    await run('stop', chatModel);
    const loaded = (await (await fetch(`${real.url}/api/ps`)).json()) as { models: { name: string }[] };
    expect(loaded.models.map(({ name }) => name)).not.toContain(chatModel);
    await eventually(async () => !(await run('ps')).includes(chatModel) || undefined, 'a list without the model');
  });

  it('makes, copies, stops and deletes them', async () => {
    const modelfile = join(home, 'Modelfile');
    await writeFile(modelfile, `FROM ${chatModel}\nSYSTEM Be brief.\n`);
    await run('create', 'brief', '-f', modelfile);
    await run('cp', 'brief', 'brief:twin');
    expect(await run('show', '--system', 'brief:twin')).toBe('Be brief.');
    await run('stop', 'brief:twin');
    await run('rm', 'brief', 'brief:twin');
    expect(await run('list')).not.toContain('brief');
  });

  it('hears that a model is not there', async () => {
    await expect(run('show', 'nope')).rejects.toMatchObject({ stderr: expect.stringContaining("'nope' not found") });
  });
});
