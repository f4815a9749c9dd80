import type { Socket } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** What is known of a connection by the last request that came on it. */
export interface Connections {
  note(request: FastifyRequest): void;
  /** Undefined: nothing has been asked for yet. */
  lastPath(socket: Socket): string | undefined;
  /** Node tells of each request once that it is late; of an upload it can be told no. */
  isUploading(socket: Socket): boolean;
}

export function createConnections(): Connections {
  const uploading = new WeakSet<Socket>();
  const paths = new WeakMap<Socket, string>();
  return {
    note({ raw: { socket }, url, routeOptions }) {
      paths.set(socket, url);
      if (routeOptions.config.upload) uploading.add(socket);
      else uploading.delete(socket);
    },
    lastPath: (socket) => paths.get(socket),
    isUploading: (socket) => uploading.has(socket),
  };
}
