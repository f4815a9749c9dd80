import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterError } from '@tutti/core';
import type { Output } from '../output/output.ts';
import { table } from '../output/table.ts';

interface Heard {
  readonly name: string;
  readonly host: string;
  readonly addresses: readonly string[];
  readonly port: number;
  /** Of the cluster's authority. A hint: only a token is trusted. */
  readonly fingerprint: string;
}

const listenMs = 3_000;

/** Lists the orchestrators that are heard by mDNS. */
export async function discover(output: Output): Promise<void> {
  const orchestrators = await hear();
  if (orchestrators.length === 0) {
    throw new ClusterError(
      'not_found',
      `No orchestrator was heard in ${listenMs / 1_000} s. Is server.discovery on there, and is it in the same network? mDNS does not leave containers: use --join with an address.`,
    );
  }
  const row = ({ name, addresses, host, port, fingerprint }: Heard): string[] => {
    return [name, `${addresses[0] ?? host}:${port}`, fingerprint];
  };
  output.answer({ orchestrators }, () => table(['NAME', 'ADDRESS', 'FINGERPRINT'], orchestrators.map(row)));
  output.next(`tutti agent --join ${orchestrators[0]!.addresses[0] ?? orchestrators[0]!.host} --token TOKEN`);
}

async function hear(): Promise<Heard[]> {
  const { Bonjour } = await import('bonjour-service');
  const bonjour = new Bonjour({}, (error: unknown) => {
    throw new ClusterError('failed_precondition', 'This machine cannot listen to mDNS. Use --join with an address.', {
      cause: error,
    });
  });
  const browser = bonjour.find({ type: 'tutti' });
  await sleep(listenMs);
  const heard = browser.services.map(({ name, host, addresses = [], port, txt }) => ({
    ...{ name, host, addresses: addresses.filter((address) => !address.includes(':')), port },
    fingerprint: (txt as { fingerprint?: string } | undefined)?.fingerprint ?? '',
  }));
  await new Promise<void>((resolve) => bonjour.destroy(() => resolve()));
  return heard;
}
