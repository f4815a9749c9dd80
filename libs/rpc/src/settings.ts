/** How a connection is watched. A peer that has stopped answering is noticed after the sum of both. */
export interface Keepalive {
  /** Milliseconds between pings; 10,000 by default. */
  readonly keepaliveMs?: number;
  /** Milliseconds that the answer to a ping may take; 5,000 by default. */
  readonly keepaliveTimeoutMs?: number;
}

/** Largest message, in either direction. */
export const maxMessageBytes = 48 * 1024 * 1024;

/** What both ends of a connection are told. */
export function sharedSettings({ keepaliveMs = 10_000, keepaliveTimeoutMs = 5_000 }: Keepalive) {
  return {
    'grpc.keepalive_time_ms': keepaliveMs,
    'grpc.keepalive_timeout_ms': keepaliveTimeoutMs,
    'grpc.max_send_message_length': maxMessageBytes,
    'grpc.max_receive_message_length': maxMessageBytes,
  };
}
