import { ServerInterceptingCall } from '@grpc/grpc-js';
import type { Metadata, ServerInterceptor } from '@grpc/grpc-js';
import type { PeerIdentity } from '../handler.ts';
import { statusFromError } from '../status.ts';

/** The two ends of a connection, as a socket names them too. */
export type ConnectionInfo = ReturnType<ServerInterceptingCall['getConnectionInfo']>;

/** A call that was let in. */
export interface Admission {
  readonly identity: PeerIdentity | undefined;
  /** Called once the call is over. */
  readonly onEnd: () => void;
}

/** By the metadata of their calls: the one object of a call that both the interceptor and the handler see. */
const identities = new WeakMap<Metadata, PeerIdentity>();

/** Whose certificate the connection of a call has shown. */
export function identityOf(metadata: Metadata): PeerIdentity | undefined {
  return identities.get(metadata);
}

/** Asks `admit` about each call before anything of it is read; what it throws is what the client gets. */
export function guard(admit: (path: string, connection: ConnectionInfo) => Admission): ServerInterceptor {
  return ({ path }, call) => {
    let admission: Admission;
    try {
      admission = admit(path, call.getConnectionInfo());
    } catch (thrown) {
      const status = statusFromError(thrown);
      return new ServerInterceptingCall(call, {
        start: (next) => next({ onReceiveMetadata: () => call.sendStatus(status) }),
      });
    }
    const { identity, onEnd } = admission;
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata(metadata, next) {
            if (identity) identities.set(metadata, identity);
            next(metadata);
          },
          // Comes at the end of every call, cancelled or not.
          onCancel: onEnd,
        }),
    });
  };
}
