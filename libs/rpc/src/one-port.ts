import { once } from 'node:events';
import { createServer as createHttpServer, Server as HttpServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { ServerCredentials } from '@grpc/grpc-js';
import type { Server } from '@grpc/grpc-js';

export interface PortOptions {
  readonly server: Server;
  /** Answers HTTP/1.1 on the same port. */
  readonly http: HttpServer | RequestListener;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Milliseconds that a new connection may be silent; 10,000 by default. */
  readonly silenceMs?: number;
}

export interface Listening {
  readonly port: number;
  /** Takes no new connections, lets requests and streams end, and resolves when the last connection is gone. */
  close(): Promise<void>;
  /** Ends every connection now. */
  destroy(): void;
}

/**
 * Serves gRPC and HTTP/1.1 on one TCP port, told apart by a connection's first bytes. Both servers end with the port.
 * Rejects with Node's own error (`EADDRINUSE` and such) when the port cannot be had.
 */
export async function listen({ server, http, host, port, silenceMs = 10_000 }: PortOptions): Promise<Listening> {
  const grpc = server.createConnectionInjector(ServerCredentials.createInsecure());
  const web = http instanceof HttpServer ? http : createHttpServer(http);
  const sockets = new Set<Socket>();
  const silent = new Set<Socket>();
  const tcp = createTcpServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket) && silent.delete(socket));
    socket.on('error', () => socket.destroy());
    silent.add(socket);
    readStart(socket, silenceMs, (start) => {
      silent.delete(socket);
      if (start === grpcStart) grpc.injectConnection(socket);
      else web.emit('connection', socket);
    });
  });

  tcp.listen({ host, port });
  await once(tcp, 'listening');
  // It hears of connections only; this makes it look after slow and idle ones.
  web.emit('listening');

  let closed: Promise<void> | undefined;
  web.on('request', (_request, response) => response.once('close', () => closed && web.closeIdleConnections()));
  const close = async (): Promise<void> => {
    const gone = new Promise<void>((resolve) => tcp.close(() => resolve()));
    web.close();
    server.tryShutdown(() => {});
    for (const socket of silent) socket.destroy();
    await gone;
  };
  return {
    port: (tcp.address() as AddressInfo).port,
    close: () => (closed ??= close()),
    destroy() {
      tcp.close();
      web.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** How HTTP/2 begins when nothing was negotiated before; no method of HTTP/1.1 does. */
const grpcStart = 'PRI ';

/** Calls `done` with the first bytes, as soon as they tell the protocols apart. They stay in the socket. */
function readStart(socket: Socket, silenceMs: number, done: (start: string) => void): void {
  let bytes = Buffer.alloc(0);
  const timer = setTimeout(() => socket.destroy(), silenceMs);
  const stop = (): void => {
    clearTimeout(timer);
    socket.removeListener('readable', read);
    socket.removeListener('close', stop);
  };
  const read = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    bytes = Buffer.concat([bytes, chunk]);
    const start = bytes.toString('latin1', 0, grpcStart.length);
    if (start.length < grpcStart.length && grpcStart.startsWith(start)) return;
    stop();
    socket.unshift(bytes);
    done(start);
  };
  socket.on('readable', read);
  socket.once('close', stop);
}
