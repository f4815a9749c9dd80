import type { Channel } from './channel.ts';

/** A channel whose connection can be made anew, for example with a fresh certificate. */
export interface RotatingChannel extends Channel {
  /** New calls go over a new connection; those that run end on the old one. */
  rotate(): void;
}

/** `connect` is called now and at each rotation. */
export function createRotatingChannel(connect: () => Channel): RotatingChannel {
  let current = connect();
  return {
    unary: (method, request, options) => current.unary(method, request, options),
    serverStream: (method, request, options) => current.serverStream(method, request, options),
    clientStream: (method, requests, options) => current.clientStream(method, requests, options),
    rotate() {
      const old = current;
      current = connect();
      old.close();
    },
    close: () => current.close(),
  };
}
