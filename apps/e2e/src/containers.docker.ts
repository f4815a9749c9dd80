import { MongoClient } from 'mongodb';
import { Ollama } from 'ollama';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { signalled, startContainerRig, type ContainerRig } from './container-rig.ts';
import { eventually } from './processes.ts';

const model = 'llama:1b';
const words = 40;
const messages = [{ role: 'user' as const, content: 'hello' }];

describe.skipIf(inject('dockerSkips').containers)('orchestrator and agent in containers', () => {
  let rig: ContainerRig;

  beforeAll(async () => {
    rig = await startContainerRig(['--models', model, '--tokens', String(words), '--token-delay-ms', '25']);
    await rig.nodesReady(1);
  });

  afterAll(() => rig?.stop());

  const ask = async () => {
    const { data, response } = await rig.client().chat.completions.create({ model, messages }).withResponse();
    expect(data.choices[0]?.message.content?.split(' ')).toHaveLength(words);
    return response;
  };

  it('answer the official clients, and nobody without a key', async () => {
    expect((await ask()).headers.get('x-tutti-node')).toBe('node');
    const headers = { authorization: `Bearer ${rig.client().apiKey}` };
    const { models } = await new Ollama({ host: rig.url(), headers }).list();
    expect(models[0]?.name).toBe(model);
    await expect(rig.client('none').models.list()).rejects.toMatchObject({ status: 401 });
  });

  it('keep the log of both in MongoDB', async () => {
    const requestId = (await ask()).headers.get('x-request-id')!;
    const { mongo } = rig;
    const uri = `mongodb://${mongo.getHost()}:${mongo.getMappedPort(27_017)}/?retryWrites=false`;
    const client = await MongoClient.connect(uri);
    try {
      const lines = client.db('tutti').collection('logs');
      const services = async () => (await lines.find({ requestId }).toArray()).map(({ service }) => service as string);
      await eventually(async () => (await services()).length > 1 || undefined, 'lines of both processes');
      expect(new Set(await services())).toEqual(new Set(['orchestrator', 'agent']));
    } finally {
      await client.close();
    }
  });

  it('answer while MongoDB is gone, and log again when it is back', async () => {
    await signalled(rig.mongo, 'SIGKILL');
    await ask();
    await rig.mongo.restart();
    const requestId = (await ask()).headers.get('x-request-id')!;
    await eventually(async () => {
      const { stdout } = await rig.orchestrator.exec(['tutti', 'logs', '--request', requestId]);
      return stdout.includes('agent node') || undefined;
    }, 'a line of the agent');
  });

  it.each(['ollama', 'agent', 'orchestrator'] as const)('answer again after %s was killed', async (name) => {
    await signalled(rig[name], 'SIGKILL');
    await expect(ask()).rejects.toThrow();
    await rig[name].restart();
    await rig.nodesReady(1);
    await ask();
  });

  it.each(['agent', 'orchestrator'] as const)('let an answer end when %s is told to stop', async (name) => {
    const stream = await rig.client().chat.completions.create({ model, messages, stream: true });
    let text = '';
    let exited: (() => Promise<number>) | undefined;
    for await (const { choices } of stream) {
      text += choices[0]?.delta.content ?? '';
      exited ??= await signalled(rig[name], 'SIGTERM');
    }
    expect(text.split(' ')).toHaveLength(words);
    expect(await exited?.()).toBe(0);
    await rig[name].restart();
    await rig.nodesReady(1);
  });
});
