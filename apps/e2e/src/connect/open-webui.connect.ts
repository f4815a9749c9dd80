import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFakeCluster, type FakeCluster } from '../clients/fake-cluster.ts';
import { eventually } from '../processes.ts';
import { fromPypi } from './from-pypi.ts';
import { createHome, type Home } from './home.fixture.ts';
import { readPage, triedLine, type Page } from './page.ts';

// Gigabytes for models that it runs by itself, which it does not when others embed and transcribe.
const application = await fromPypi('open-webui', '0.12.4', { without: ['torch'] });

const executablePath = '/usr/bin/chromium';
const noBrowser = existsSync(executablePath) ? undefined : `no ${executablePath}`;
if (noBrowser) process.stderr.write(`Open WebUI in a browser: skipped, ${noBrowser}\n`);

/** One person, no sign-up; nothing is asked of anyone else. */
const env = {
  WEBUI_AUTH: 'False',
  OFFLINE_MODE: 'true',
  HF_HUB_OFFLINE: '1',
  ANONYMIZED_TELEMETRY: 'false',
  DO_NOT_TRACK: 'true',
};

interface Model {
  readonly id: string;
  readonly owned_by: string;
}

describe.skipIf(!application.available)('Open WebUI, as its page says', () => {
  let cluster: FakeCluster;
  let page: Page;

  beforeAll(async () => {
    cluster = await startFakeCluster();
    page = await readPage('open-webui', cluster.target);
  });

  afterAll(() => cluster.close());

  it('says with which version', () => {
    expect(page.text).toContain(triedLine('open-webui 0.12.4'));
  });

  describe.each([
    { connection: 'an Ollama', ownedBy: 'ollama', has: 'OLLAMA_BASE_URL=' },
    { connection: 'an OpenAI server', ownedBy: 'openai', has: 'OPENAI_API_BASE_URL=' },
  ])('Tutti as $connection', ({ ownedBy, has }) => {
    let home: Home;
    let url: string;
    let token: string;

    beforeAll(async () => {
      if (!application.available) return;
      home = await createHome({ page, binFolder: application.binFolder, env });
      const port = await freePort();
      url = `http://127.0.0.1:${port}`;
      const command = page.commands.find((text) => text.includes(has))!;
      // By itself it keeps its settings beside its programs.
      const settings = `export DATA_DIR=${join(home.folder, 'data')}`;
      const serve = command.replace('--port 8080', `--host 127.0.0.1 --port ${port}`);
      const log = await home.start(`${settings}\n${serve}`);
      const ready = async (): Promise<boolean | undefined> =>
        fetch(`${url}/health`).then(
          ({ ok }) => ok || undefined,
          () => undefined,
        );
      await eventually(ready, 'Open WebUI', 150_000).catch(async (thrown: unknown) => {
        throw new Error(`${String(thrown)}\n${(await log()).slice(-4_000)}`);
      });
      ({ token } = await asked<{ token: string }>('/api/v1/auths/signin', { email: '', password: '' }));
    });

    afterAll(() => home.close());

    /** What it answers, to its own page as to us. */
    async function ask(path: string, body?: object): Promise<Response> {
      const response = await fetch(`${url}${path}`, {
        method: body ? 'POST' : 'GET',
        headers: {
          Authorization: `Bearer ${token}`,
          ...(!(body instanceof FormData) && { 'Content-Type': 'application/json' }),
        },
        ...(body && { body: body instanceof FormData ? body : JSON.stringify(body) }),
      });
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
      return response;
    }

    const asked = async <T>(path: string, body?: object): Promise<T> => (await (await ask(path, body)).json()) as T;
    const messages = [{ role: 'user', content: 'hello there' }];

    it('lists models', async () => {
      const { data } = await asked<{ data: Model[] }>('/api/models');
      const { chat, tool, embed } = cluster.target.models;
      expect(data.filter((model) => model.owned_by === ownedBy).map(({ id }) => id)).toEqual(
        expect.arrayContaining([chat, tool, embed, 'tutti/debate']),
      );
    });

    it('chats as the answer is written', async () => {
      const body = { model: cluster.target.models.chat, messages, stream: true };
      const pieces = contents(await (await ask('/api/chat/completions', body)).text());
      expect(pieces.join('')).toBe('You said hello there');
      expect(pieces.length).toBeGreaterThan(2);
    });

    it('calls a tool', async () => {
      const tools = [
        { type: 'function', function: { name: 'get_weather', parameters: { type: 'object', properties: {} } } },
      ];
      const body = {
        model: cluster.target.models.tool,
        messages: [{ role: 'user', content: 'call:get_weather' }],
        tools,
      };
      const answer = await asked('/api/chat/completions', { ...body, stream: false });
      expect(answer).toMatchObject({ choices: [{ message: { tool_calls: [{ function: { name: 'get_weather' } }] } }] });
    });

    it('embeds', async () => {
      const body = { model: cluster.target.models.embed, input: ['one', 'two'] };
      const { data } = await asked<{ data: { embedding: number[] }[] }>('/api/embeddings', body);
      expect(data.map(({ embedding }) => embedding.length)).toEqual([384, 384]);
    });

    it('reads a document into its knowledge', async () => {
      const form = new FormData();
      form.append('file', new Blob(['Many machines play as one.'], { type: 'text/plain' }), 'note.txt');
      const { id } = await asked<{ id: string }>('/api/v1/files/?process=true&process_in_background=false', form);
      const { data } = await asked<{ data: { status: string } }>(`/api/v1/files/${id}`);
      expect(data.status).toBe('completed');
      const embedded = cluster.fakes.flatMap(({ requests }) => requests).filter(({ path }) => path === '/api/embed');
      expect(embedded.some(({ body }) => body.includes('Many machines play as one.'))).toBe(true);
    });

    it.runIf(ownedBy === 'ollama')("passes Ollama's own calls on", async () => {
      const { models } = cluster.target;
      expect(await asked('/ollama/api/version')).toEqual({
        version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
      });
      const named = { models: expect.arrayContaining([expect.objectContaining({ model: models.chat })]) as object[] };
      expect(await asked('/ollama/api/tags')).toMatchObject(named);
      expect(await asked('/ollama/api/ps')).toMatchObject(named);
      expect(await asked('/ollama/api/show', { model: models.tool })).toMatchObject({
        capabilities: expect.arrayContaining(['tools']) as string[],
      });
      const answer = await asked('/ollama/api/chat', { model: models.chat, messages, stream: false });
      expect(answer).toMatchObject({ message: { content: 'You said hello there' }, done: true });
      expect(await asked('/ollama/api/embed', { model: models.embed, input: 'one' })).toMatchObject({
        embeddings: [expect.arrayContaining([expect.any(Number)])],
      });
    });

    it.skipIf(noBrowser)('shows models and answers to a person', async () => {
      const quiet = ['--no-first-run', '--disable-background-networking'];
      const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', ...quiet] });
      try {
        const tab = await browser.newPage({ viewport: { width: 1300, height: 900 } });
        // Where its own tools are not turned off, it offers them with each message.
        const { chat, tool } = cluster.target.models;
        await tab.goto(`${url}/?models=${encodeURIComponent(ownedBy === 'ollama' ? tool! : chat)}`);
        await tab.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
        await tab.getByRole('button', { name: /^Selected model/ }).click();
        await tab.getByText('tutti/debate').first().waitFor();
        await tab.keyboard.press('Escape');
        await tab.locator('#chat-input').click();
        await tab.keyboard.type('hello there');
        await tab.keyboard.press('Enter');
        await tab.getByText('You said hello there').first().waitFor();
      } finally {
        await browser.close();
      }
    });
  });
});

/** The words in a stream of events. */
function contents(stream: string): string[] {
  const events = stream.split('\n').filter((line) => line.startsWith('data: {'));
  const deltas = events.map((line) => JSON.parse(line.slice(6)) as { choices: { delta: { content?: string } }[] });
  return deltas.map(({ choices }) => choices[0]?.delta.content ?? '').filter((text) => text !== '');
}

/** Open WebUI takes no port of the system's choice. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
