import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startAgent, startOrchestrator, stopAll, type Agent, type Orchestrator } from './processes.ts';

const run = promisify(execFile);
const env = { ...process.env, PATH: [process.env.PATH, join(homedir(), 'go', 'bin')].join(delimiter) };

/** grpcurl is a Go program that knows nothing of ours but what reflection tells. */
const grpcurl = (...args: string[]): Promise<string> =>
  run('grpcurl', ['-plaintext', ...args], { env }).then(({ stdout }) => stdout);

const missing = await grpcurl('-version').then(
  () => false,
  () => true,
);

let orchestrator: Orchestrator;
let agent: Agent;

beforeAll(async () => {
  orchestrator = await startOrchestrator();
  agent = await startAgent({ name: 'one', orchestrators: [orchestrator], backend: 'echo' });
});

afterAll(stopAll);

it.skipIf(missing)('grpcurl lists the services of an agent', async () => {
  const services = (await grpcurl(`127.0.0.1:${agent.facts.port}`, 'list')).trim().split('\n');
  expect(services).toEqual(
    expect.arrayContaining(['tutti.agent.v1.AgentService', 'tutti.agent.v1.ModelService', 'grpc.health.v1.Health']),
  );
});

it.skipIf(missing)('grpcurl describes and calls an agent', async () => {
  const address = `127.0.0.1:${agent.facts.port}`;
  expect(await grpcurl(address, 'describe', 'tutti.agent.v1.AgentService.Invoke')).toContain(
    'stream .tutti.agent.v1.InvokeResponse',
  );
  const call = { model: 'echo', completion: { prompt: 'hello' } };
  const out = await grpcurl('-d', JSON.stringify({ call }), address, 'tutti.agent.v1.AgentService/Invoke');
  expect(out).toContain('"reason": "stop"');
  expect(out).toContain(' hello');
});

it.skipIf(missing)('what is not built answers UNIMPLEMENTED', async () => {
  const address = `127.0.0.1:${agent.facts.port}`;
  const failure = await grpcurl('-d', '{}', address, 'tutti.agent.v1.ModelService/HasBlob').catch(
    (error: { stderr: string }) => error.stderr,
  );
  expect(failure).toContain('Unimplemented');
});

it.skipIf(missing)('the health of both is served', async () => {
  for (const port of [agent.facts.port, orchestrator.facts.grpcPort]) {
    expect(await grpcurl(`127.0.0.1:${port}`, 'grpc.health.v1.Health/Check')).toContain('SERVING');
  }
});

it('an agent answers HTTP on the same port', async () => {
  expect(await (await fetch(`http://127.0.0.1:${agent.facts.port}/health`)).json()).toEqual({ status: 'ok' });
});
