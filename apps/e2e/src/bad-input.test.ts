import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './processes.ts';
import { messages, model, startRig, type Rig } from './rig.ts';

let rig: Rig;

beforeAll(async () => {
  rig = await startRig({ models: [{ name: model, capabilities: ['completion', 'tools'] }], answer: () => 'fine' });
});

/** Whatever was sent before, the next request works. */
afterEach(async () => {
  const { message } = await rig.ollama.chat({ model, messages });
  expect(message.content).toBe('fine');
});

afterAll(() => rig.stop());

const deep = '['.repeat(100_000);
const chat = (changes: object): string => JSON.stringify({ model, messages, stream: false, ...changes });

interface Bad {
  readonly what: string;
  readonly path: string;
  readonly body: string | Uint8Array;
  readonly status: number;
  readonly says: RegExp;
}

const bad: Bad[] = [
  { what: 'no body', path: '/api/chat', body: '', status: 400, says: /missing request body/ },
  { what: 'not JSON', path: '/api/chat', body: '{"model": ', status: 400, says: /JSON/ },
  { what: 'an array', path: '/api/chat', body: '[]', status: 400, says: /object/ },
  { what: 'a number for a model', path: '/api/chat', body: chat({ model: 5 }), status: 400, says: /model/ },
  { what: 'no model', path: '/api/chat', body: '{"messages":[]}', status: 400, says: /model is required/ },
  { what: 'an unknown model', path: '/api/chat', body: chat({ model: 'nope' }), status: 404, says: /nope/ },
  { what: 'a text for messages', path: '/api/chat', body: chat({ messages: 'hi' }), status: 400, says: /messages/ },
  {
    what: 'a text for a temperature',
    path: '/api/chat',
    body: chat({ options: { num_ctx: 'big' } }),
    status: 400,
    says: /num_ctx/,
  },
  {
    what: '100,000 levels of nesting',
    path: '/api/chat',
    body: `{"model":"${model}","messages":${deep}`,
    status: 400,
    says: /deep|nest/i,
  },
  { what: 'invalid UTF-8', path: '/api/chat', body: Buffer.from([0x7b, 0xff, 0x7d]), status: 400, says: /UTF-8/ },
  { what: 'a body of 50 MB', path: '/api/chat', body: Buffer.alloc(50 * 2 ** 20, 32), status: 413, says: /32 MiB/ },
  { what: 'an unknown path', path: '/api/nope', body: '{}', status: 404, says: /nope/ },
  { what: 'a wrong method', path: '/api/tags', body: '{}', status: 405, says: /GET/ },
  { what: 'not JSON', path: '/v1/chat/completions', body: 'hello', status: 400, says: /JSON/ },
  { what: 'no body', path: '/v1/chat/completions', body: '', status: 400, says: /\S/ },
  { what: 'an unknown model', path: '/v1/chat/completions', body: chat({ model: 'nope' }), status: 404, says: /nope/ },
  {
    what: 'a body of 50 MB',
    path: '/v1/chat/completions',
    body: Buffer.alloc(50 * 2 ** 20, 32),
    status: 413,
    says: /32 MiB/,
  },
  { what: 'an unknown path', path: '/v1/nope', body: '{}', status: 404, says: /nope/ },
  { what: 'a wrong method', path: '/v1/models', body: '{}', status: 405, says: /GET/ },
  { what: '100,000 levels of nesting', path: '/v1/chat/completions', body: deep, status: 400, says: /deep|nest/i },
];

describe('bad input gets a clear error in the dialect of its path', () => {
  it.each(bad)('$path: $what', async ({ path, body, status, says }) => {
    const response = await fetch(rig.orchestrator.url + path, { method: 'POST', body: body as string });
    expect(response.status).toBe(status);
    const { error } = (await response.json()) as { error: unknown };
    const message = path.startsWith('/v1/') ? (error as { message: string }).message : (error as string);
    expect(message).toMatch(says);
    if (path.startsWith('/v1/'))
      expect(Object.keys(error as object).toSorted()).toEqual(['code', 'message', 'param', 'type']);
    expect(response.headers.get('x-request-id')).toMatch(/^[\w.:-]+$/);
  });

  it('bad headers: priority, privacy, node', async () => {
    const send = async (name: string, value: string): Promise<string> => {
      const response = await rig.post('/api/chat', { model, messages }, { headers: { [name]: value } });
      return `${response.status} ${((await response.json()) as { error: string }).error}`;
    };
    expect(await send('x-tutti-priority', 'urgent')).toMatch(/^400 .*interactive, default, batch/);
    expect(await send('x-tutti-privacy', 'secret')).toMatch(/^400 .*cluster, any/);
    expect(await send('x-tutti-hops', '-5')).toMatch(/^400 .*x-tutti-hops/);
    expect(await send('x-tutti-node', 'nowhere')).toMatch(/^503 .*Ready: node0, node1/);
  });
});

describe('what is odd but allowed', () => {
  it('NUL bytes in a prompt arrive', async () => {
    await rig.ollama.chat({ model, messages: [{ role: 'user', content: 'a\u0000b' }] });
    const bodies = rig.fakes.flatMap((fake) => fake.requests.map(({ body }) => body));
    expect(bodies.some((body) => body.includes('a\\u0000b'))).toBe(true);
  });

  it('__proto__ in a tool schema arrives byte for byte', async () => {
    const parameters =
      '{"type":"object","properties":{"__proto__":{"type":"string"},"10":{"const":1.0},"2":{"const":123456789012345678901234567890}}}';
    const tool = `{"type":"function","function":{"name":"f","description":"d","parameters":${parameters}}}`;
    await rig.post(
      '/api/chat',
      `{"model":"${model}","messages":[{"role":"user","content":"x"}],"tools":[${tool}],"stream":false}`,
    );
    const bodies = rig.fakes.flatMap((fake) => fake.requests.map(({ body }) => body));
    expect(bodies.some((body) => body.includes(parameters))).toBe(true);
  });

  it("a body without a Content-Type, or with curl's own, is read as JSON", async () => {
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'application/json; charset=utf-8']) {
      const response = await rig.post(
        '/api/chat',
        { model, messages, stream: false },
        { headers: { 'content-type': type } },
      );
      expect(response.status).toBe(200);
    }
  });
});

describe('bad gRPC', () => {
  it.each([100_000, 900_000])('metadata of %i bytes is refused, and the port serves on', async (size) => {
    const session = connectHttp2(`http://127.0.0.1:${rig.orchestrator.facts.grpcPort}`, {
      maxSendHeaderBlockLength: 2 ** 20,
    });
    session.on('error', () => {});
    const ask = async (metadata: Record<string, string>): Promise<string> => {
      const call = session.request({
        ':method': 'POST',
        ':path': '/tutti.v1.ClusterService/GetStatus',
        'content-type': 'application/grpc',
        te: 'trailers',
        ...metadata,
      });
      let answer = 'closed';
      call.on('response', (headers) => (answer = `${headers[':status']} ${String(headers['grpc-status'] ?? 'ok')}`));
      call.on('error', () => {});
      call.resume().end(Buffer.alloc(5));
      await new Promise((resolve) => call.once('close', resolve));
      return answer;
    };
    expect(await ask({ 'x-large': 'x'.repeat(size) })).not.toBe('200 ok');
    session.destroy();
    const status = (await (await fetch(`${rig.orchestrator.url}/api/cluster/status`)).json()) as { status: string };
    expect(status.status).toBe('ok');
  });
});

describe('bad HTTP', () => {
  const raw = async (text: string, end = false): Promise<string> => {
    const socket = connect(rig.orchestrator.facts.port, '127.0.0.1');
    let answer = '';
    socket.on('data', (bytes: Buffer) => (answer += bytes.toString('latin1')));
    socket.on('error', () => {});
    socket.write(text);
    if (end) socket.end();
    await new Promise((resolve) => socket.once('close', resolve));
    return answer;
  };

  it('a flood of headers is 431', async () => {
    expect(await raw(`GET / HTTP/1.1\r\nhost: localhost\r\n${'a: b\r\n'.repeat(10_000)}\r\n`)).toMatch(
      /^HTTP\/1\.1 431/,
    );
  });

  it('nonsense is 400', async () => {
    expect(await raw('NONSENSE\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/);
  });

  it('both a length and chunks are 400', async () => {
    const head =
      'POST /api/chat HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n';
    expect(await raw(head)).toMatch(/^HTTP\/1\.1 400/);
  });
});

describe('a client that half-closes its socket counts as gone', () => {
  it('and its call ends at the backend', async () => {
    const slow = rig.fakes.map((fake) => fake.fail('slow', { times: Infinity, delayMs: 50 }));
    const aborted = rig.fakes.map((fake) => fake.aborted);
    const body = chat({ stream: true });
    const socket = connect(rig.orchestrator.facts.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    socket.write(`POST /api/chat HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    await rig.busyIndex();
    socket.end();
    await eventually(
      () => rig.fakes.some((fake, i) => fake.aborted > aborted[i]!) || undefined,
      'an abort at a backend',
    );
    for (const mend of slow) mend();
  });
});
