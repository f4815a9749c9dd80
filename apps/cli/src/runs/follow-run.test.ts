import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { createClient, type Client } from '../connection/client.ts';
import { followRun } from './follow-run.ts';

const closers: (() => unknown)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** An orchestrator that gives these answers one after the other. */
async function serve(...answers: readonly Answer[]): Promise<{ client: Client; after: string[] }> {
  const rest = [...answers];
  const after: string[] = [];
  const server = createServer((request, response) => {
    after.push(String(request.headers['last-event-id']));
    rest.shift()!(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(
    () => server.close(),
    () => server.closeAllConnections(),
  );
  const { port } = server.address() as AddressInfo;
  return { client: createClient({ url: `http://127.0.0.1:${port}` }), after };
}

const event = (seq: number, type: string): string =>
  `id: ${seq}\nevent: event\ndata: ${JSON.stringify({ seq, type })}\n\n`;

const problem = (code: string): string => JSON.stringify({ code, detail: `It says ${code}.` });

const types = async (client: Client): Promise<string[]> =>
  Array.fromAsync(followRun(client, 'my-run'), ({ seq, type }) => `${seq} ${type}`);

it('goes on behind the last event, whatever has ended the connection', async () => {
  const { client, after } = await serve(
    (_, response) => response.write(event(1, 'started') + event(2, 'asked'), () => response.destroy()),
    (_, response) => response.end(event(3, 'answered')),
    (_, response) => response.end(`event: error\ndata: ${problem('draining')}\n\n`),
    (_, response) => response.writeHead(503).end(problem('storage_unavailable')),
    (_, response) => response.end(event(4, 'ended')),
  );
  expect(await types(client)).toEqual(['1 started', '2 asked', '3 answered', '4 ended']);
  expect(after).toEqual(['0', '2', '3', '3', '3']);
});

it.each(['not_found', 'storage_unavailable'])('what is refused at first with %s is not tried again', async (code) => {
  const { client, after } = await serve((_, response) => response.writeHead(404).end(problem(code)));
  await expect(types(client)).rejects.toMatchObject({ reason: code });
  expect(after).toEqual(['0']);
});

it('what is refused for good later is not tried again', async () => {
  const { client, after } = await serve(
    (_, response) => response.end(event(1, 'started')),
    (_, response) => response.writeHead(404).end(problem('not_found')),
  );
  await expect(types(client)).rejects.toMatchObject({ reason: 'not_found' });
  expect(after).toEqual(['0', '1']);
});
