import type { Clock } from '@tutti/core';
import type { RegistryService } from '@tutti/proto/tutti/agent/v1/registry';
import type { Client } from '@tutti/rpc';
import type { Log } from '@tutti/runtime/log';
import type { NodeIdentity } from '@tutti/runtime/pki';

/** After an attempt that failed at every orchestrator. */
const retryMs = 60_000;

interface Options {
  readonly identity: Pick<NodeIdentity, 'certificate' | 'csr' | 'store'>;
  readonly registries: readonly Pick<Client<typeof RegistryService>, 'renew'>[];
  readonly clock: Clock;
  readonly log: Log;
  /** The certificate in the identity is a fresh one. */
  readonly onRenewed: () => void;
}

/** Renews the node's certificate when two thirds of its life are over, and so on. The returned function ends that. */
export function keepRenewed({ identity, registries, clock, log, onRenewed }: Options): () => void {
  let stop = (): void => {};
  let stopped = false;

  const renew = async (): Promise<boolean> => {
    for (const registry of registries) {
      try {
        const { certificatePem, caPem } = await registry.renew({ csrPem: await identity.csr() });
        await identity.store({ certificatePem, caPem });
        log.info('certificate renewed');
        onRenewed();
        return true;
      } catch (error) {
        log.warn('certificate not renewed', { error, retryMs });
      }
    }
    return false;
  };
  const next = async (): Promise<void> => {
    const done = await renew();
    if (!stopped) schedule(done ? untilRenewal() : retryMs);
  };
  const schedule = (delayMs: number): void => {
    stop = clock.after(Math.max(0, delayMs), () => void next());
  };
  const untilRenewal = (): number => identity.certificate!.renewAt - clock.wallTime();
  schedule(untilRenewal());
  return () => {
    stopped = true;
    stop();
  };
}
