import { mismatchStart } from './channel-credentials.ts';

const failures: readonly (readonly [pattern: RegExp, message: string])[] = [
  [
    new RegExp(`${mismatchStart}([\\w .-]+, not [\\w .-]+?)\\. `),
    'whoever answers at that address is $1: check the address',
  ],
  [
    /certificate has expired/,
    'the certificate of the other process has expired: let it renew or join again, and check the clocks',
  ],
  [/certificate is not yet valid/, 'the certificate of the other process is not valid yet: set the clocks right'],
  [
    /self-signed certificate|unable to (get|verify)|certificate signature failure|unsuitable certificate/,
    'the other process shows a certificate of another cluster: check the address, or join that cluster',
  ],
  [
    /wrong version number|packet length too long|http request/,
    'the other process answers without TLS: check the port, and whether it serves its own machine only',
  ],
  [/alert protocol version|unsupported protocol/, 'the other process speaks an older TLS than 1.3: update it'],
];

/** What became of a TLS connection, from how grpc-js words it; undefined: nothing to do with TLS. */
export function tlsFailure(details: string): string | undefined {
  for (const [pattern, message] of failures) {
    const found = pattern.exec(details);
    if (found) return message.replace('$1', found[1] ?? '');
  }
  return undefined;
}
