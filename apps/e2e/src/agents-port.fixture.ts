import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DescService } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient, type Client } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';

/** What a caller shows and trusts, PEM. */
export interface Shown {
  readonly ca?: string;
  readonly key?: string;
  readonly cert?: string;
}

/** The certificate of an agent, from its data folder, and the authority that it came from. */
export async function certificateOf(folder: string): Promise<Required<Shown>> {
  const [key, pem] = await Promise.all(
    ['node.key', 'node.pem'].map((file) => readFile(join(folder, 'agent', 'pki', file), 'utf8')),
  );
  const [cert = '', ...authorities] = pem!.split(/(?<=-----END CERTIFICATE-----\n)/);
  return { key: key!, cert, ca: authorities.join('') };
}

/** A client that is none of ours, over TLS; who answers is not looked at beyond the authority. */
export function secureClient<S extends DescService>(service: S, port: number, shown: Shown): Client<S> {
  const nodeOptions = { ...shown, checkServerIdentity: () => undefined };
  return createClient(service, createGrpcTransport({ baseUrl: `https://127.0.0.1:${port}`, nodeOptions }));
}

export function plainClient<S extends DescService>(service: S, port: number): Client<S> {
  return createClient(service, createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}` }));
}

/** How a call fails: its code and words. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => ConnectError.from(thrown),
  );
  return error ? `${Code[error.code]}: ${error.rawMessage}` : 'no failure';
}
