import { asString, invalid, type Value } from './fields.ts';

/** A string of base64 as bytes. */
export function asBase64(value: Value): Uint8Array {
  return decodeBase64(asString(value), value.path);
}

/** RFC 4648 with padding; line ends are skipped. `path` names the field in the error for other text. */
export function decodeBase64(wrapped: string, path: string): Uint8Array {
  const text = wrapped.replaceAll(/[\r\n]/g, '');
  const wrong = text.search(/[^A-Za-z0-9+/]/);
  const end = wrong === -1 ? text.length : wrong;
  const padding = text.slice(end);
  if ((padding !== '' && padding !== '=' && padding !== '==') || text.length % 4 !== 0) {
    throw invalid(path, `field "${path}": illegal base64 data at input byte ${end}`);
  }
  const { buffer, byteOffset, length } = Buffer.from(text, 'base64');
  return new Uint8Array(buffer, byteOffset, length);
}

export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
