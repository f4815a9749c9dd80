import { ConnectError } from '@connectrpc/connect';
import { ClusterError } from '@tutti/core';
import { toldOf } from '../status.ts';

/** Anything that a handler has thrown, as Connect tells it: with the same code, text and details as over gRPC. */
export function toConnectError(thrown: unknown): ConnectError {
  const { code, message, details } = toldOf(ClusterError.from(thrown));
  const error = new ConnectError(message, code);
  error.details = details.map(({ typeUrl, value }) => ({ type: typeUrl.slice(typeUrl.lastIndexOf('/') + 1), value }));
  return error;
}
