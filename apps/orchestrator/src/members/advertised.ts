import { networkInterfaces } from 'node:os';

const usualPort = 50_051;

/** Where other machines reach the agents' port, best first; the port is left out if it is the usual one. */
export function advertisedAddresses(name: string | undefined, host: string, port: number): string[] {
  const hosts = name ? [name] : isWildcard(host) ? lanAddresses() : [host];
  return hosts.map((each) => (port === usualPort ? each : `${each}:${port}`));
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** IPv4 addresses of this machine that others can reach; networks of containers come last. */
function lanAddresses(): string[] {
  const all = Object.entries(networkInterfaces()).flatMap(([name, list]) =>
    (list ?? [])
      .filter(({ family, internal }) => family === 'IPv4' && !internal)
      .map(({ address }) => ({ address, virtual: /^(docker|br-|veth|virbr)/.test(name) })),
  );
  return all.toSorted((a, b) => Number(a.virtual) - Number(b.virtual)).map(({ address }) => address);
}
