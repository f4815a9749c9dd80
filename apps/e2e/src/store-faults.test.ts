import { startFaultProxy, startMongoServer, type FaultProxy, type MongoServer } from '@tutti/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { echoModel, jsonBody, restarted, startExposedCluster, type ExposedCluster } from './exposed-cluster.ts';
import { eventually, stopAll } from './processes.ts';

let server: MongoServer | { readonly skipped: string };
let proxy: FaultProxy;
let cluster: ExposedCluster;

// The first time on a machine the server is fetched.
beforeAll(async () => void (server = await startMongoServer()), 180_000);

beforeEach(async ({ skip }) => {
  if ('skipped' in server) return skip(server.skipped);
  proxy = await startFaultProxy({ target: server });
});

afterEach(async () => {
  await stopAll();
  await proxy?.close();
});

afterAll(async () => {
  if (!('skipped' in server)) await server.stop();
});

const uri = (user = ''): string => `mongodb://${user}127.0.0.1:${proxy.port}/?retryWrites=false`;

async function start(mongodbUri = uri()): Promise<void> {
  cluster = await startExposedCluster(['--mongodb-uri', mongodbUri, '--mongodb-database', `test${proxy.port}`]);
  await cluster.join({ name: 'box' });
  await cluster.ready('box');
}

interface Health {
  readonly store: {
    readonly kind: string;
    readonly status: string;
    readonly bufferedLines: number;
    readonly droppedLines: number;
    readonly error: string;
  };
}

const storeHealth = async (): Promise<Health['store']> => (await cluster.json<Health>('/admin/health')).store;

const chatBody = jsonBody({ model: echoModel, stream: false, messages: [{ role: 'user', content: 'hello' }] });

/** Asks all the time, four at once, until it is stopped; tells the request ids of what was answered, and what was not. */
function load(ask: () => Promise<Response>) {
  const answered: string[] = [];
  const failures: unknown[] = [];
  let stopped = false;
  let slowestMs = 0;
  const worker = async (): Promise<void> => {
    while (!stopped) {
      const startedAt = performance.now();
      const response = await ask();
      const body = await response.text();
      slowestMs = Math.max(slowestMs, performance.now() - startedAt);
      if (response.status === 200) answered.push(response.headers.get('x-request-id')!);
      else failures.push(body);
    }
  };
  const running = Promise.all([1, 2, 3, 4].map(worker));
  return {
    answered,
    async stop() {
      stopped = true;
      await running;
      return { failures, slowestMs };
    },
  };
}

interface Lines {
  readonly lines: readonly { readonly service: string }[];
}

async function linesOf(requestId: string): Promise<string[]> {
  const { lines } = await cluster.json<Lines>(`/api/logs?requestId=${requestId}`);
  return lines.map(({ service }) => service).toSorted();
}

/** By hand: a minute, with TUTTI_OUTAGE_MS=60000. */
const outageMs = Number(process.env['TUTTI_OUTAGE_MS'] ?? 0);
const longEnough = { timeout: outageMs + 60_000 };

describe('MongoDB', () => {
  it(
    'that goes away under load costs no request; its lines wait, and are there once it is back',
    longEnough,
    async () => {
      await start();
      const key = await cluster.json<{ secret: string }>('/api/keys', jsonBody({ name: 'phone', role: 'user' }));
      const headers = { authorization: `Bearer ${key.secret}` };
      const traffic = load(() => fetch(`${cluster.orchestrator.url}/api/chat`, { ...chatBody, headers }));
      await eventually(() => traffic.answered.length > 20, 'answers');

      await proxy.set({ kind: 'reset' });
      const before = traffic.answered.length;
      await cluster.logged(/the log store takes no lines/);
      await eventually(() => traffic.answered.length > before + 100, 'answers without a store');
      await new Promise((resolve) => setTimeout(resolve, outageMs));
      const meanwhile = traffic.answered.at(-1)!;
      const { kind, bufferedLines, droppedLines } = await storeHealth();
      expect(kind).toBe('mongodb');
      expect(bufferedLines).toBeGreaterThan(50);
      // Lines wait for some seconds; of a longer outage the newest are kept, and the others counted.
      if (outageMs === 0) expect(droppedLines).toBe(0);
      else expect(droppedLines).toBeGreaterThan(0);

      await proxy.set(undefined);
      await cluster.logged(/the log store takes lines again/);
      expect((await traffic.stop()).failures).toEqual([]);
      await eventually(async () => (await storeHealth()).bufferedLines === 0, 'every line stored');
      expect(await linesOf(meanwhile)).toEqual(['agent', 'orchestrator']);
    },
  );

  it('that is slow delays no request', async () => {
    await start();
    await proxy.set({ kind: 'slow', latencyMs: 1_000 });
    const traffic = load(() => cluster.chat());
    await eventually(() => traffic.answered.length > 100, 'answers');
    const { failures, slowestMs } = await traffic.stop();
    expect(failures).toEqual([]);
    expect(slowestMs).toBeLessThan(1_000);
  });

  it('that is away at the start is waited for by nobody, and used once it is there', async () => {
    await start();
    await proxy.set({ kind: 'reset' });
    cluster = await restarted(cluster);
    await cluster.ready('box');
    expect((await cluster.chat()).status).toBe(200);
    expect(await storeHealth()).toMatchObject({ status: 'unavailable' });
    const refused = await cluster.ask('/api/keys', jsonBody({ name: 'phone', role: 'user' }));
    expect(refused.status).toBe(503);
    expect(await refused.text()).toMatch(/storage_unavailable/);

    await proxy.set(undefined);
    await eventually(
      async () => (await cluster.ask('/api/keys', jsonBody({ name: 'phone', role: 'user' }))).status === 200,
      'a key can be made',
    );
  });

  it('that refuses the password says so, and the password is nowhere', async () => {
    cluster = await startExposedCluster(['--mongodb-uri', uri('tutti:canary-password@')]);
    const health = await eventually(async () => {
      const found = await storeHealth();
      return found.status === 'unavailable' ? found : undefined;
    }, 'the store is not there');
    expect(health.error).not.toBe('');
    for (const text of [
      cluster.orchestrator.log(),
      JSON.stringify(health),
      await (await cluster.ask('/admin/config')).text(),
    ]) {
      expect(text).not.toContain('canary-password');
    }
    expect(cluster.orchestrator.log()).toMatch(/keys cannot be read.*MongoDB (refuses the user|cannot do this now)/);
  });
});
