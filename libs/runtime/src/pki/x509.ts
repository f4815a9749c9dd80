/** The library that writes certificates. Node itself only reads them. Loading takes about 80 ms, hence on demand. */
export async function loadX509() {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

/** The only kind of key and signature that there is between our processes. */
export const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
