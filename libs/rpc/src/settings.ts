/** How a connection is watched. A peer that has stopped answering, or never did, is noticed after the sum of both. */
export interface Keepalive {
  /** Milliseconds between pings; 10,000 by default. */
  readonly keepaliveMs?: number;
  /** Milliseconds that the answer to a ping may take; 5,000 by default. */
  readonly keepaliveTimeoutMs?: number;
}

const defaults = { keepaliveMs: 10_000, keepaliveTimeoutMs: 5_000 };

/** Milliseconds after which a peer that says nothing is noticed. */
export function noticedMs(keepalive: Keepalive): number {
  const { keepaliveMs, keepaliveTimeoutMs } = { ...defaults, ...keepalive };
  return keepaliveMs + keepaliveTimeoutMs;
}

/** Largest message, in either direction. */
export const maxMessageBytes = 48 * 1024 * 1024;

/** What both ends of a connection are told. */
export function sharedSettings(keepalive: Keepalive) {
  const { keepaliveMs, keepaliveTimeoutMs } = { ...defaults, ...keepalive };
  return {
    'grpc.keepalive_time_ms': keepaliveMs,
    'grpc.keepalive_timeout_ms': keepaliveTimeoutMs,
    'grpc.max_send_message_length': maxMessageBytes,
    'grpc.max_receive_message_length': maxMessageBytes,
  };
}
