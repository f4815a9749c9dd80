import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Server, ServerInterceptor } from '@grpc/grpc-js';
import { ClusterError } from '@tutti/core';
import type { Clock } from '@tutti/core';
import { readStart } from '../first-bytes.ts';
import type { PeerIdentity } from '../handler.ts';
import { readAuthorities } from './credentials.ts';
import type { Credentials } from './credentials.ts';
import { guard } from './guard.ts';
import type { Admission, ConnectionInfo } from './guard.ts';
import { requiredIdentity } from './identity-rules.ts';
import { nameOf, objection, provenPeer } from './peer.ts';
import type { Peer } from './peer.ts';
import { isTls, refusePlaintext } from './plaintext.ts';
import { createRefusals } from './refusals.ts';
import type { OnRefused } from './refusals.ts';
import { createSecureServer, setCredentials } from './secure-server.ts';
import { createStrangers } from './strangers.ts';

export interface TlsOptions {
  readonly credentials: Credentials;
  readonly clock: Clock;
  /** Whether a certificate counts no more; asked at each handshake and each call. */
  readonly isRevoked?: (identity: PeerIdentity) => boolean;
  readonly onRefused?: OnRefused;
  /** How many connections without a good certificate may be open; 256 by default. */
  readonly maxStrangers?: number;
}

/** Makes a port speak TLS 1.3. Callers without a good certificate get to methods that ask for none, and no further. */
export interface TlsPort {
  /** Takes over a fresh connection. */
  accept(socket: Socket): void;
  /** Lets in those calls of a server whose callers have the certificate that they need. */
  interceptor(server: Server): ServerInterceptor;
  /** Notes that a request has begun on a connection; the returned function notes that it has ended. */
  begin(socket: Socket): () => void;
  disconnect(id: string): void;
  setCredentials(credentials: Credentials): void;
}

interface Connection {
  /** The TCP connection. */
  readonly raw: Socket;
  /** Whom it has proven to come from, or why there is no such proof. */
  peer: Peer | ClusterError;
}

/** `serve` gets each connection after its handshake, and the TCP connection below. */
export function createTlsPort(
  { credentials, clock, isRevoked = () => false, onRefused = () => {}, maxStrangers = 256 }: TlsOptions,
  silenceMs: number,
  serve: (socket: TLSSocket, raw: Socket) => void,
): TlsPort {
  const connections = new Map<string, Connection>();
  const strangers = createStrangers({ clock, limit: maxStrangers, idleMs: silenceMs });
  const refused = createRefusals(clock, onRefused);
  let authorities = readAuthorities(credentials.ca);

  const secure = createSecureServer(credentials);
  secure.on('secureConnection', (socket) => {
    socket.on('error', () => socket.destroy());
    const connection = connections.get(keyOf(socket));
    if (!connection) return void socket.destroy();
    identify(connection, socket.getPeerX509Certificate());
    serve(socket, connection.raw);
  });
  secure.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    // Who leaves by himself is turned away by nobody: a machine that joins looks at our authority first, and hangs up.
    if (error.code !== 'ECONNRESET') refused(socket, `the TLS handshake failed (${error.code ?? 'unknown error'})`);
    socket.destroy();
  });

  const identify = (connection: Connection, certificate: X509Certificate | undefined): void => {
    const { raw } = connection;
    const peer = provenPeer(certificate, authorities);
    const error = peer instanceof ClusterError ? peer : objection(peer, clock.wallTime(), isRevoked);
    connection.peer = peer;
    if (error && certificate) refused(raw, error.message);
    if (error || peer instanceof ClusterError) return;
    strangers.remove(raw);
    endWithCertificate(raw, peer);
  };

  /** TLS looks at a certificate once; a connection must not outlive it all the same. */
  const endWithCertificate = (raw: Socket, { identity, expiresAt }: Peer): void => {
    const check = (): void => {
      if (clock.wallTime() < expiresAt) return wait();
      refused(raw, `the certificate of ${nameOf(identity)} has expired`);
      raw.destroy();
    };
    let stop = (): void => {};
    const wait = (): void => {
      stop = clock.after(expiresAt - clock.wallTime(), check);
    };
    wait();
    raw.once('close', () => stop());
  };

  /** Whom a connection comes from, as of now; or why nobody knows. */
  const callerOf = (peer: Peer | ClusterError): PeerIdentity | ClusterError =>
    peer instanceof ClusterError ? peer : (objection(peer, clock.wallTime(), isRevoked) ?? peer.identity);

  const admit = (server: Server, path: string, connection: Connection | undefined): Admission => {
    const required = requiredIdentity(server, path);
    if (!connection || required === undefined) throw new ClusterError('forbidden', 'this is not offered on this port');
    const { raw, peer } = connection;
    const caller = callerOf(peer);
    if (required !== 'none') {
      if (caller instanceof ClusterError) throw caller;
      if (caller.kind !== required) throw wrongKind(required, caller);
    }
    return { identity: caller instanceof ClusterError ? undefined : caller, onEnd: strangers.begin(raw) };
  };

  return {
    accept(raw) {
      const key = keyOf(raw);
      connections.set(key, { raw, peer: notYet() });
      strangers.add(raw);
      raw.once('close', () => {
        strangers.remove(raw);
        if (connections.get(key)?.raw === raw) connections.delete(key);
      });
      readStart(raw, silenceMs, (start) => {
        if (isTls(start)) secure.emit('connection', raw);
        else refused(raw, refusePlaintext(raw, start));
      });
    },
    interceptor: (server) => guard((path, connection) => admit(server, path, connections.get(keyOf(connection)))),
    begin(socket) {
      const connection = connections.get(keyOf(socket));
      return connection ? strangers.begin(connection.raw) : () => {};
    },
    disconnect(id) {
      for (const { raw, peer } of connections.values()) {
        if (!(peer instanceof ClusterError) && peer.identity.id === id) raw.destroy();
      }
    },
    setCredentials(next) {
      const nextAuthorities = readAuthorities(next.ca);
      setCredentials(secure, next);
      authorities = nextAuthorities;
    },
  };
}

/** Both ends of a connection. The near one counts too: a NAT may use one port of its own towards two addresses. */
function keyOf(end: ConnectionInfo): string {
  return `${end.localAddress} ${end.localPort} ${end.remoteAddress} ${end.remotePort}`;
}

function notYet(): ClusterError {
  return new ClusterError('unauthenticated', 'the TLS handshake is not over yet: wait for it');
}

function wrongKind(required: 'node' | 'orchestrator', identity: PeerIdentity): ClusterError {
  return new ClusterError('forbidden', `only a certificate of kind ${required} may ask this, not ${nameOf(identity)}`);
}
