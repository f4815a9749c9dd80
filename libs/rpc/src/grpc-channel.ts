import { Client, credentials } from '@grpc/grpc-js';
import { channelClosed } from './channel.ts';
import type { Channel } from './channel.ts';
import { clientStream, serverStream, unary } from './client-call.ts';
import { answeredWithin } from './connection-limit.ts';
import { noticedMs, sharedSettings } from './settings.ts';
import type { Keepalive } from './settings.ts';
import { channelCredentials } from './tls/channel-credentials.ts';
import type { ChannelTls } from './tls/channel-credentials.ts';

export interface ChannelOptions extends Keepalive {
  /** Without it the connection is plaintext, for servers on the same machine. */
  readonly tls?: ChannelTls;
}

/**
 * Connects to `address` (`host:port`) when the first call is made, and again whenever the connection is lost.
 * `failed_precondition` if what TLS is given cannot be used.
 */
export function createChannel(address: string, { tls, ...keepalive }: ChannelOptions = {}): Channel {
  const shown = tls ? channelCredentials(tls) : credentials.createInsecure();
  const client = new Client(`dns:${address}`, answeredWithin(noticedMs(keepalive), shown), {
    ...sharedSettings(keepalive),
    // The name asked for in the handshake. Addresses must not be; whose certificate comes back is checked by its identity.
    ...(tls && { 'grpc.ssl_target_name_override': 'tutti' }),
    'grpc.keepalive_permit_without_calls': 1,
    // Whether a call may be tried again depends on what its client has seen; that is not known here.
    'grpc.enable_retries': 0,
    'grpc.enable_http_proxy': 0,
    'grpc.service_config_disable_resolution': 1,
    // A process that comes back is found soon.
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 2_000,
    'grpc.dns_min_time_between_resolutions_ms': 1_000,
    // Closing the channel closes its connection.
    'grpc.use_local_subchannel_pool': 1,
  });
  let closed = false;
  const connection = (): Client => {
    if (closed) throw channelClosed();
    return client;
  };
  return {
    unary: (method, request, options) => unary(connection, method, request, options),
    serverStream: (method, request, options) => serverStream(connection, method, request, options),
    clientStream: (method, requests, options) => clientStream(connection, method, requests, options),
    close() {
      closed = true;
      client.close();
    },
  };
}
