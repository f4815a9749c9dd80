import { connect } from 'node:net';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { startMongoServer } from './mongo-server.ts';

it('says why there is no server where nothing can start it', async () => {
  const path = process.env['PATH'];
  process.env['PATH'] = '';
  onTestFinished(() => void (process.env['PATH'] = path));
  expect(await startMongoServer()).toEqual({ skipped: 'it needs a JDK of Java 17, none is installed' });
});

it('listens until it is stopped', { timeout: 180_000 }, async ({ skip }) => {
  const server = await startMongoServer();
  if ('skipped' in server) return skip(server.skipped);
  const socket = connect(server.port, server.host);
  await once(socket, 'connect');
  // A server that stops may reset its connections: they are closed all the same.
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.resume().once('close', resolve));
  await server.stop();
  await closed;
  await server.kill();
});
