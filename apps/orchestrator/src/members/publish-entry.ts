import type { Clock } from '@tutti/core';
import type { Shutdown } from '@tutti/runtime';
import type { ConfigValues } from '@tutti/runtime/config';
import type { Log } from '@tutti/runtime/log';
import { keepJoinTokenFile } from '../access/join-token-file.ts';
import type { IssueJoinToken } from '../access/join-tokens.ts';
import type { KeyRing } from '../access/key-ring.ts';
import { keepMetricsKeyFile } from '../access/metrics-key-file.ts';
import { publishDiscovery } from './discovery.ts';

interface Options {
  readonly settings: Pick<ConfigValues['server'], 'joinTokenFile' | 'metricsKeyFile' | 'discovery'>;
  readonly issueJoinToken: IssueJoinToken;
  readonly keys: Pick<KeyRing, 'verify' | 'make'>;
  /** Where agents come. */
  readonly port: number;
  /** Of the cluster's authority. */
  readonly fingerprint: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Lets others find the way in, as far as the settings want it: a token and a key in files, the address in the network. */
export async function publishEntry(options: Options, shutdown: Shutdown): Promise<void> {
  const { settings, issueJoinToken, keys, port, fingerprint, clock, log } = options;
  const { joinTokenFile, metricsKeyFile, discovery } = settings;
  if (joinTokenFile) {
    const file = await keepJoinTokenFile({ path: joinTokenFile, issueJoinToken, clock, log });
    shutdown.add('join token file', () => file.close());
  }
  if (metricsKeyFile) await keepMetricsKeyFile({ path: metricsKeyFile, keys, log });
  if (discovery) {
    const beacon = await publishDiscovery({ port, fingerprint, log });
    shutdown.add('discovery', () => beacon.close());
  }
}
