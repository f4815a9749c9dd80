import { hostname, networkInterfaces } from 'node:os';
import type { Bonjour } from 'bonjour-service';
import type { Log } from '@tutti/runtime/log';

/** How the service is called on the network: `_tutti._tcp`. */
const type = 'tutti';

/** Version of what the record says. */
const recordVersion = '1';

interface Options {
  /** What people call this orchestrator, a host name; left out: the machine's. */
  readonly name?: string;
  /** Where agents come. */
  readonly port: number;
  /** Of the cluster's authority. A hint: whoever joins trusts the fingerprint in its token, and nothing that it hears. */
  readonly fingerprint: string;
  readonly log: Log;
  /** Addresses of this machine to be heard from; left out: all IPv4 addresses that others can reach. */
  readonly addresses?: readonly string[];
}

/** Lets agents in the same network find this orchestrator by mDNS until it is closed. What fails is only logged. */
export async function publishDiscovery(options: Options): Promise<{ close(): Promise<void> }> {
  const { name = hostname(), port, fingerprint, log, addresses = ownAddresses() } = options;
  const { Bonjour } = await import('bonjour-service');
  const onError = (error: unknown): void =>
    void log.warn('cannot be found by mDNS; give agents the address of this machine', { error });
  const publishers = addresses.map((address) => {
    const bonjour = new Bonjour(settingsFor(address), onError);
    errorsOf(bonjour).on('error', onError);
    // Two orchestrators of one name are told apart; a probe would take our own second network for another.
    const instance = `${name} ${fingerprint.slice(0, 8)}`;
    const txt = { v: recordVersion, fingerprint };
    bonjour.publish({ name: instance, type, port, host: `${name}.local`, disableIPv6: true, probe: false, txt });
    return bonjour;
  });
  return {
    async close() {
      await Promise.all(publishers.map(retract));
    },
  };
}

/** With the address alone it hears nothing; without it, nothing is sent where there is no default route. */
function settingsFor(address: string): object {
  return { interface: address, bind: '0.0.0.0' };
}

/** The library hands on the errors of answers only; one of its socket would end the process. */
function errorsOf(bonjour: Bonjour): NodeJS.EventEmitter {
  const { server } = bonjour as unknown as { server: { mdns: NodeJS.EventEmitter } };
  return server.mdns;
}

/** Tells the network that the service is gone, then gives the socket back. */
function retract(bonjour: Bonjour): Promise<void> {
  return new Promise((resolve) => bonjour.unpublishAll(() => bonjour.destroy(resolve)));
}

function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address);
}
