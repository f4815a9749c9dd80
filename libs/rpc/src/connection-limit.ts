import type { Socket } from 'node:net';
import type { ChannelCredentials } from '@grpc/grpc-js';

type SecureConnector = ReturnType<ChannelCredentials['_createSecureConnector']>;

/**
 * The same credentials, for connections on which the other side must have said something after so long. grpc-js itself
 * would wait for ever for one that takes a connection and is silent: a machine that is gone, behind a router that is not.
 */
export function answeredWithin(limitMs: number, credentials: ChannelCredentials): ChannelCredentials {
  // The one place where a connection can be got hold of before it is one.
  // eslint-disable-next-line no-underscore-dangle
  const createConnector = credentials._createSecureConnector.bind(credentials);
  const limited: ChannelCredentials['_createSecureConnector'] = (...args) => {
    const connector = createConnector(...args);
    return {
      connect: (socket) => connectWithin(limitMs, connector, socket),
      waitForReady: () => connector.waitForReady(),
      getCallCredentials: () => connector.getCallCredentials(),
      destroy: () => connector.destroy(),
    };
  };
  return Object.assign(credentials, { _createSecureConnector: limited });
}

async function connectWithin(limitMs: number, connector: SecureConnector, socket: Socket) {
  let talking: Socket | undefined;
  const timer = setTimeout(() => {
    if (!talking?.bytesRead) socket.destroy(new Error('The other side says nothing.'));
  }, limitMs);
  timer.unref();
  socket.once('close', () => clearTimeout(timer));
  const connected = await connector.connect(socket);
  talking = connected.socket;
  return connected;
}
