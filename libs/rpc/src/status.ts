import { create } from '@bufbuild/protobuf';
import { anyPack, anyUnpack, durationFromMs, durationMs } from '@bufbuild/protobuf/wkt';
import type { Any } from '@bufbuild/protobuf/wkt';
import { Metadata, status as codes } from '@grpc/grpc-js';
import type { StatusObject } from '@grpc/grpc-js';
import { ErrorInfoSchema, RetryInfoSchema } from '@tutti/proto/google/rpc/error_details';
import { StatusSchema } from '@tutti/proto/google/rpc/status';
import { ClusterError, isReason } from '@tutti/core';
import type { Reason } from '@tutti/core';
import { decode, encode } from './service-definition.ts';
import { maxMessageBytes } from './settings.ts';
import { tlsFailure } from './tls/connection-failure.ts';

const detailsHeader = 'grpc-status-details-bin';
const domain = 'tutti';

/**
 * A status travels in headers, and 64 KB of them end the whole connection. With these bounds it stays below 8 KB however
 * it is escaped: the message travels percent-encoded (up to 3 bytes a byte) and in the details (base64, 4 bytes in 3).
 */
const maxMessageTextBytes = 1536;
const maxParamBytes = 256;

/** What goes over the wire for anything that a handler has thrown. */
export function statusFromError(thrown: unknown): StatusObject {
  const told = toldOf(ClusterError.from(thrown));
  const metadata = new Metadata();
  metadata.set(detailsHeader, encode(StatusSchema, told));
  return { code: told.code, details: told.message, metadata };
}

/** What a client is told of an error, whatever the protocol. */
export function toldOf(error: ClusterError): { code: number; message: string; details: Any[] } {
  return { code: error.grpc, message: shortened(error.message, maxMessageTextBytes), details: detailsOf(error) };
}

/** The error that a status stands for: what the other side's handler threw, or what became of the call on its way. */
export function errorFromStatus(status: StatusObject): ClusterError {
  return thrownError(status) ?? transportError(status);
}

function detailsOf({ reason, param, retryAfterMs }: ClusterError) {
  const info = create(ErrorInfoSchema, { reason: reason.toUpperCase(), domain });
  if (param !== undefined) info.metadata['param'] = shortened(param, maxParamBytes);
  const details = [anyPack(ErrorInfoSchema, info)];
  if (retryAfterMs !== undefined && Number.isFinite(retryAfterMs)) {
    const retryDelay = durationFromMs(Math.ceil(retryAfterMs));
    details.push(anyPack(RetryInfoSchema, create(RetryInfoSchema, { retryDelay })));
  }
  return details;
}

function thrownError(status: StatusObject): ClusterError | undefined {
  const details = decodedDetails(status);
  if (details === undefined) return undefined;
  const info = details.details.map((detail) => anyUnpack(detail, ErrorInfoSchema)).find((found) => found !== undefined);
  const reason = info?.domain === domain ? info.reason.toLowerCase() : '';
  if (!isReason(reason)) return undefined;
  const retry = details.details
    .map((detail) => anyUnpack(detail, RetryInfoSchema))
    .find((found) => found !== undefined);
  const param = info?.metadata['param'];
  return new ClusterError(reason, details.message, {
    ...(param !== undefined && { param }),
    ...(retry?.retryDelay && { retryAfterMs: durationMs(retry.retryDelay) }),
    cause: status,
  });
}

function decodedDetails(status: StatusObject) {
  const [bytes] = status.metadata.get(detailsHeader);
  if (!(bytes instanceof Buffer)) return undefined;
  try {
    return decode(StatusSchema, bytes);
  } catch {
    return undefined;
  }
}

/** For statuses that no handler of ours has sent. Their own texts name addresses; they stay in `cause`. */
function transportError(status: StatusObject): ClusterError {
  const code = cutOff.test(status.details) ? codes.UNAVAILABLE : status.code;
  const [reason, message] = transportErrors[code] ?? ['internal', 'internal error'];
  const precise = reason === 'node_unreachable' ? tlsFailure(status.details) : undefined;
  return new ClusterError(reason, precise ?? message, { cause: status });
}

/** How grpc-js words it that a stream ended without a status. The codes that it makes up for this blame the call. */
const cutOff = /^(Received RST_STREAM|Bandwidth exhausted|Failed to start HTTP\/2 stream)/;

const unreachable = ['node_unreachable', 'the other process cannot be reached, or the connection to it broke'] as const;

const transportErrors: Readonly<Record<number, readonly [Reason, string]>> = {
  [codes.UNAVAILABLE]: unreachable,
  // It was not the caller: that one's cancel is known without a status.
  [codes.CANCELLED]: unreachable,
  [codes.DEADLINE_EXCEEDED]: ['deadline_exceeded', 'no complete answer came within the deadline'],
  [codes.UNIMPLEMENTED]: ['not_implemented', 'the other process does not offer this'],
  [codes.RESOURCE_EXHAUSTED]: ['too_large', `a message was larger than ${maxMessageBytes / 1024 / 1024} MiB`],
};

/** The longest start of `text` that fits, with an ellipsis where it was cut. Lone surrogates could not be sent. */
function shortened(text: string, maxBytes: number): string {
  const whole = text.toWellFormed();
  if (Buffer.byteLength(whole) <= maxBytes) return whole;
  const ellipsis = '…';
  const room = new Uint8Array(maxBytes - Buffer.byteLength(ellipsis));
  const { read } = new TextEncoder().encodeInto(whole, room);
  return whole.slice(0, read) + ellipsis;
}
