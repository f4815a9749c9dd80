import { once } from 'node:events';
import { createServer as createHttpServer, Server as HttpServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { ServerCredentials } from '@grpc/grpc-js';
import type { Server } from '@grpc/grpc-js';
import { http2Start, readStart } from './first-bytes.ts';
import type { Credentials } from './tls/credentials.ts';
import { createTlsPort } from './tls/tls-port.ts';
import type { TlsOptions, TlsPort } from './tls/tls-port.ts';

export interface PortOptions {
  readonly server: Server;
  /** Answers HTTP/1.1 on the same port. */
  readonly http: HttpServer | RequestListener;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Milliseconds that a new connection may be silent, and one without a certificate idle; 10,000 by default. */
  readonly silenceMs?: number;
  /** Without it the port speaks plaintext, for callers on the same machine. */
  readonly tls?: TlsOptions;
}

export interface Listening {
  readonly port: number;
  /** Ends every connection of the process with that id now. Without TLS nobody is known by an id. */
  disconnect(id: string): void;
  /** Shows new connections another certificate; `failed_precondition` if it cannot be used. Without TLS there is none. */
  setCredentials(credentials: Credentials): void;
  /** Takes no new connections, lets requests and streams end, and resolves when the last connection is gone. */
  close(): Promise<void>;
  /** Ends every connection now. */
  destroy(): void;
}

/**
 * Serves gRPC and HTTP/1.1 on one TCP port, told apart by a connection's first bytes. Both servers end with the port.
 * Rejects with Node's own error (`EADDRINUSE` and such) when the port cannot be had.
 */
export async function listen(options: PortOptions): Promise<Listening> {
  const { server, http, host, port, silenceMs = 10_000 } = options;
  const web = http instanceof HttpServer ? http : createHttpServer(http);
  const sockets = new Set<Socket>();
  const silent = new Set<Socket>();
  const serve = (socket: Socket, raw: Socket): void =>
    readStart(socket, silenceMs, (start) => {
      silent.delete(raw);
      if (start === http2Start) grpc.injectConnection(socket);
      else web.emit('connection', socket);
    });
  const tls = options.tls && createTlsPort(options.tls, silenceMs, serve);
  const grpc = server.createConnectionInjector(injectorCredentials(server, tls));
  const tcp = createTcpServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket) && silent.delete(socket));
    socket.on('error', () => socket.destroy());
    silent.add(socket);
    if (tls) tls.accept(socket);
    else serve(socket, socket);
  });

  tcp.listen({ host, port });
  await once(tcp, 'listening');
  // It hears of connections only; this makes it look after slow and idle ones.
  web.emit('listening');

  let closed: Promise<void> | undefined;
  web.on('request', (request, response) => {
    const end = tls?.begin(request.socket);
    response.once('close', () => {
      end?.();
      if (closed) web.closeIdleConnections();
    });
  });
  const close = async (): Promise<void> => {
    const gone = new Promise<void>((resolve) => tcp.close(() => resolve()));
    web.close();
    server.tryShutdown(() => {});
    for (const socket of silent) socket.destroy();
    await gone;
  };
  return {
    port: (tcp.address() as AddressInfo).port,
    disconnect: (id) => tls?.disconnect(id),
    setCredentials: (credentials) => tls?.setCredentials(credentials),
    close: () => (closed ??= close()),
    destroy() {
      tcp.close();
      web.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** For connections that come decrypted. Only those of a TLS port have their calls looked at. */
function injectorCredentials(server: Server, tls: TlsPort | undefined): ServerCredentials {
  const credentials = ServerCredentials.createInsecure();
  // grpc-js reads interceptors of one port from here; what makes such credentials it keeps to itself.
  return tls ? Object.assign(credentials, { _getInterceptors: () => [tls.interceptor(server)] }) : credentials;
}
