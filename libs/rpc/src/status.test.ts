import { Metadata, status as codes } from '@grpc/grpc-js';
import { ClusterError } from '@tutti/core';
import { describe, expect, it } from 'vitest';
import { errorFromStatus, statusFromError } from './status.ts';

const detailsHeader = 'grpc-status-details-bin';

/** Bytes that a status takes in headers: grpc-js percent-encodes the message, HTTP/2 carries base64. */
function wireBytes({ details, metadata }: ReturnType<typeof statusFromError>): number {
  const [bytes] = metadata.get(detailsHeader);
  return encodeURI(details).length + Buffer.from(bytes as Buffer).toString('base64').length;
}

describe('statusFromError', () => {
  it.each(['a', 'ß', '漢', '🎻', '%', '\0', '\ud83d'])('fits into 8 KB and cuts no character: %j', (character) => {
    for (const offset of ['', 'x', 'xx', 'xxx']) {
      const long = offset + character.repeat(200_000);
      const status = statusFromError(
        new ClusterError('internal', long, { param: long.slice(0, 65_536), retryAfterMs: 1e12 }),
      );
      expect(wireBytes(status)).toBeLessThan(8_192);
      expect(status.details.isWellFormed()).toBe(true);
      expect(long.toWellFormed().startsWith(status.details.slice(0, -1))).toBe(true);
      expect(status.details.at(-1)).toBe('…');
    }
  });

  it('leaves a short message as it is', () => {
    expect(statusFromError(new ClusterError('not_found', 'no model "äö"')).details).toBe('no model "äö"');
  });

  it('takes a wait that is no number for none', () => {
    for (const retryAfterMs of [NaN, Infinity]) {
      const status = statusFromError(new ClusterError('overloaded', 'busy', { retryAfterMs }));
      expect(errorFromStatus(status).retryAfterMs).toBeUndefined();
    }
  });

  it('takes an abort for a client that has left', () => {
    expect(errorFromStatus(statusFromError(new DOMException('x', 'AbortError'))).reason).toBe('client_closed');
  });
});

describe('errorFromStatus', () => {
  it.each([
    [codes.UNAVAILABLE, 'node_unreachable'],
    [codes.CANCELLED, 'node_unreachable'],
    [codes.DEADLINE_EXCEEDED, 'deadline_exceeded'],
    [codes.UNIMPLEMENTED, 'not_implemented'],
    [codes.RESOURCE_EXHAUSTED, 'too_large'],
    [codes.INTERNAL, 'internal'],
    [codes.UNKNOWN, 'internal'],
    [codes.DATA_LOSS, 'internal'],
  ])('goes by the code of a status without details: %i', (code, reason) => {
    const error = errorFromStatus({ code, details: 'connect ECONNREFUSED 127.0.0.1:1', metadata: new Metadata() });
    expect(error.reason).toBe(reason);
    expect(error.message).not.toContain('127.0.0.1');
  });

  it('goes by the code when the details are garbage, of another domain or of an unknown reason', () => {
    const garbage = new Metadata();
    garbage.set(detailsHeader, Buffer.from([255, 255, 255]));
    expect(errorFromStatus({ code: codes.UNAVAILABLE, details: '', metadata: garbage }).reason).toBe(
      'node_unreachable',
    );
    for (const [from, to] of [
      ['tutti', 'tutto'],
      ['NO_SLOT', 'NO_SLAT'],
    ] as const) {
      const { metadata } = statusFromError(new ClusterError('no_slot', 'full'));
      const [bytes] = metadata.get(detailsHeader);
      const changed = Buffer.from(String(bytes).replace(from, to));
      metadata.set(detailsHeader, changed);
      expect(errorFromStatus({ code: codes.UNAVAILABLE, details: '', metadata }).reason).toBe('node_unreachable');
    }
  });
});
