import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { composeProject, type ComposeProject } from './compose-project.ts';
import { eventually } from './processes.ts';

const model = 'smollm2:135m';

interface Row {
  readonly name: string;
  readonly status: string;
}

describe.skipIf(inject('dockerSkips').compose)('docker-compose.yml', () => {
  let project: ComposeProject;
  let key: string;

  beforeAll(async () => {
    project = await composeProject({
      TUTTI_MODEL: model,
      TUTTI_TAG: 'test',
      TUTTI_MONGODB_URI: 'mongodb://mongo:27017/?retryWrites=false',
    });
    await project.compose('up', '-d', '--build');
    key = await project.exec('orchestrator', 'tutti', 'keys', 'admin', '--show');
  });

  afterAll(() => project?.remove());

  const client = async (): Promise<OpenAI> =>
    new OpenAI({
      baseURL: `http://${await project.address('orchestrator', 3001)}/v1`,
      apiKey: key,
      maxRetries: 0,
      timeout: 20_000,
    });
  const ask = async (): Promise<string> => {
    const messages = [{ role: 'user' as const, content: 'What is the capital of France?' }];
    const { chat } = await client();
    const { choices } = await chat.completions.create({ model, messages, max_tokens: 12, temperature: 0 });
    return choices[0]?.message.content ?? '';
  };
  const nodes = async (): Promise<Row[]> => {
    const text = await project.exec('orchestrator', 'tutti', 'nodes', '--json');
    return (JSON.parse(text) as { nodes: Row[] }).nodes;
  };
  const ready = () =>
    eventually(
      async () => {
        const rows = await nodes().catch(() => []);
        return (rows.length === 1 && rows[0]?.status.endsWith('READY')) || undefined;
      },
      'one node, and ready',
      60_000,
    );
  const health = (service: string) => project.docker(['inspect', '--format', '{{.State.Health.Status}}'], service);
  const healthy = (service: string) =>
    eventually(async () => (await health(service)) === 'healthy' || undefined, `${service} healthy`, 60_000);

  it('reaches a first answer, of the model that it fetched itself', async () => {
    await ready();
    await eventually(
      async () => (await (await client()).models.list()).data.some(({ id }) => id === model) || undefined,
      'the model',
      60_000,
    );
    expect(await ask()).toContain('Paris');
    for (const service of ['orchestrator', 'agent', 'ollama', 'mongo']) await healthy(service);
  });

  it('lets its programs do no more than they need', async () => {
    for (const service of ['orchestrator', 'agent']) {
      const facts = await project.exec(service, 'sh', '-c', 'id -u; grep -E "^(CapBnd|NoNewPrivs)" /proc/1/status');
      expect(facts.replaceAll('\t', ' ')).toBe('1000\nCapBnd: 0000000000000000\nNoNewPrivs: 1');
      const write = ['sh', '-c', '! touch /tutti/x 2>/dev/null && touch /tmp/x /data/x && rm /data/x'];
      await project.exec(service, ...write);
    }
    await project.exec('agent', 'sh', '-c', '! touch /run/tutti/x 2>/dev/null');
  });

  it('shows metrics to the key that it keeps for them, and to nobody else', async () => {
    const url = `http://${await project.address('orchestrator', 3001)}/metrics`;
    const metricsKey = await project.exec('orchestrator', 'cat', '/run/tutti/metrics-key');
    const scrape = await fetch(url, { headers: { authorization: `Bearer ${metricsKey}` } });
    expect(await scrape.text()).toContain('tutti_node_up{node="docker"} 1');
    expect((await fetch(url)).status).toBe(401);
  });

  it('writes no secret to what Docker keeps of its output', async () => {
    const output = await project.compose('logs', '--no-color');
    const token = await project.exec('orchestrator', 'cat', '/run/tutti/join-token');
    for (const secret of [key, token]) expect(output.includes(secret)).toBe(false);
  });

  it('comes back after it was stopped, and needs no token any more', async () => {
    await project.exec('orchestrator', 'rm', '/run/tutti/join-token');
    await project.compose('stop', '--timeout', '30');
    for (const service of ['orchestrator', 'agent']) {
      expect(await project.docker(['inspect', '--format', '{{.State.ExitCode}}'], service)).toBe('0');
    }
    for (const service of ['agent', 'ollama', 'mongo', 'orchestrator']) await project.docker(['start'], service);
    await ready();
    expect(await ask()).toContain('Paris');
  });

  it('comes back after all of it was killed', async () => {
    const services = ['ollama', 'agent', 'orchestrator', 'mongo'];
    for (const service of services) await project.docker(['kill', '--signal', 'KILL'], service);
    for (const service of services) await project.docker(['start'], service);
    await ready();
    expect(await ask()).toContain('Paris');
  });

  it('lets an agent that has lost its folder join again, as another node', async () => {
    await project.forget('agent');
    await project.compose('up', '-d', '--no-deps', 'agent');
    await eventually(async () => (await nodes()).length === 2 || undefined, 'a second node', 60_000);
    await project.exec('orchestrator', 'tutti', 'node', 'rm', 'docker');
    await ready();
    expect((await nodes())[0]?.name).toMatch(/^docker-/);
    expect(await ask()).toContain('Paris');
  });
});
