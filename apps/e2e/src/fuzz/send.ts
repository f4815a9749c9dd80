import { Agent, request, type IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip } from 'node:zlib';
import type { Input } from './input.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** From the first byte sent to the last received; of what never ends, to the first. */
  readonly ms: number;
}

export interface Sender {
  /** Rejects if the connection breaks, or if there is no answer in `limitMs`. */
  send(input: Pick<Input, 'method' | 'target' | 'headers' | 'body'>): Promise<Answer>;
  close(): void;
}

/** How long anything is waited for: more than is allowed, so that a slow answer can be told from none. */
const limitMs = 10_000;

export function createSender(url: string, connections = 24): Sender {
  const { hostname, port } = new URL(url);
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const once = (input: Parameters<Sender['send']>[0]): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const startedAt = performance.now();
      const { method, target, headers, body } = input;
      const asked = request({
        agent,
        hostname,
        port,
        method,
        path: target,
        headers: Object.fromEntries(headers),
        timeout: limitMs,
      });
      if (body) asked.setHeader('content-length', body.length);
      asked.on('timeout', () => asked.destroy(new Error(`no answer in ${limitMs} ms`)));
      asked.on('error', (error) => reject(Object.assign(error, { reused: asked.reusedSocket })));
      asked.on('response', (response) => {
        readBody(response, isEndless(method, response)).then(
          (text) =>
            resolve({
              status: response.statusCode!,
              headers: response.headers,
              body: text,
              ms: performance.now() - startedAt,
            }),
          reject,
        );
      });
      asked.end(body);
    });
  return {
    async send(input) {
      try {
        return await once(input);
      } catch (error) {
        // The server may close a connection in the moment in which the next request is sent on it.
        if ((error as { reused?: boolean }).reused && (error as NodeJS.ErrnoException).code === 'ECONNRESET')
          return once(input);
        throw error;
      }
    },
    close: () => agent.destroy(),
  };
}

/** Events that are followed, not those of an answer. */
function isEndless(method: string, { headers }: IncomingMessage): boolean {
  return method === 'GET' && (headers['content-type'] ?? '').startsWith('text/event-stream');
}

async function readBody(response: IncomingMessage, endless: boolean): Promise<string> {
  if (endless) {
    response.on('error', () => {});
    response.destroy();
    return '';
  }
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece as Buffer);
  const bytes = Buffer.concat(pieces);
  const decode = decoders[response.headers['content-encoding'] ?? ''];
  return (decode && bytes.length > 0 ? await decode(bytes) : bytes).toString('utf8');
}

const decoders: Readonly<Record<string, (bytes: Buffer) => Promise<Buffer>>> = {
  gzip: promisify(gunzip),
  br: promisify(brotliDecompress),
};
