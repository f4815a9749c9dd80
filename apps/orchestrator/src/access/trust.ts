import type { Clock } from '@tutti/core';
import {
  createChannel,
  createRotatingChannel,
  type Channel,
  type Credentials,
  type Keepalive,
  type RotatingChannel,
} from '@tutti/rpc';
import type { Log } from '@tutti/runtime/log';
import { openAuthority, type Authority } from '@tutti/runtime/pki';

/** How an orchestrator that other machines can reach is known to its agents, and knows them. */
export interface Trust {
  readonly authority: Authority;
  /** Its own certificate now. */
  readonly credentials: Credentials;
  /** A connection to a node, over mutual TLS; it is refused if anyone else answers at the address. */
  connect(address: string, nodeId: string): Channel;
  /** Calls the listener with each fresh certificate. */
  onRenewed(listener: (credentials: Credentials) => void): void;
  close(): void;
}

interface Options {
  /** Where the certificate authority lives. */
  readonly folder: string;
  readonly orchestratorId: string;
  readonly keepalive: Keepalive;
  readonly clock: Clock;
  readonly log: Log;
}

/** An attempt that failed is repeated after so long. */
const retryMs = 60_000;

export async function openTrust({ folder, orchestratorId, keepalive, clock, log }: Options): Promise<Trust> {
  const authority = await openAuthority(folder, { clock });
  const channels = new Set<RotatingChannel>();
  const listeners: ((credentials: Credentials) => void)[] = [];
  let credentials: Credentials;
  let stop = (): void => {};

  const renewAfter = (delayMs: number): void => {
    stop = clock.after(delayMs, () => {
      issue().catch((error: unknown) => {
        log.error('own certificate not renewed', { error });
        renewAfter(retryMs);
      });
    });
  };
  const issue = async (): Promise<void> => {
    const { certificatePem, keyPem, renewAt } = await authority.issueOrchestrator(orchestratorId);
    credentials = { key: keyPem, certificate: certificatePem, ca: authority.caPem };
    for (const listener of listeners) listener(credentials);
    for (const channel of channels) channel.rotate();
    renewAfter(renewAt - clock.wallTime());
  };
  await issue();

  return {
    authority,
    get credentials() {
      return credentials;
    },
    connect(address, nodeId) {
      const channel = createRotatingChannel(() =>
        createChannel(address, { ...keepalive, tls: { ...credentials, expected: { kind: 'node', id: nodeId } } }),
      );
      channels.add(channel);
      return {
        ...channel,
        close() {
          channels.delete(channel);
          channel.close();
        },
      };
    },
    onRenewed: (listener) => void listeners.push(listener),
    close: () => stop(),
  };
}
