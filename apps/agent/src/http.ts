import { timingSafeEqual, createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Registry } from '@tutti/runtime/metrics';

interface Options {
  readonly metrics: Registry;
  /** Whether other machines can come: then metrics need a key. */
  readonly exposed: boolean;
  /** File with the key that whoever scrapes must show; undefined: nobody off this machine may. */
  readonly metricsKeyFile: string | undefined;
}

/** What the agent's port tells over HTTP: its metrics at /metrics, and anywhere else that it lives. */
export function createHttp({ metrics, exposed, metricsKeyFile }: Options): RequestListener {
  const mayRead = async ({ headers }: IncomingMessage): Promise<boolean> => {
    if (!exposed) return true;
    if (metricsKeyFile === undefined) return false;
    // Read anew each time: the orchestrator may put another key there.
    const key = (await readFile(metricsKeyFile, 'utf8').catch(() => '')).trim();
    return key !== '' && isSame(headers.authorization ?? '', `Bearer ${key}`);
  };
  return (request, response) => {
    if (request.url?.split('?', 1)[0] !== '/metrics') {
      response.setHeader('content-type', 'application/json').end('{"status":"ok"}\n');
    } else {
      void mayRead(request).then((may) => (may ? sendMetrics(metrics, request, response) : refuse(response)));
    }
  };
}

async function sendMetrics(metrics: Registry, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'GET') {
    response.writeHead(405, { allow: 'GET' }).end();
    return;
  }
  try {
    const text = await metrics.text();
    response.setHeader('content-type', metrics.contentType).end(text);
  } catch {
    // A scrape that fails is seen by whoever scrapes.
    response.writeHead(500).end();
  }
}

function refuse(response: ServerResponse): void {
  response
    .writeHead(401, { 'www-authenticate': 'Bearer' })
    .end('Metrics need the key that agent.metricsKeyFile names.\n');
}

/** Takes the same time wherever the two differ. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
