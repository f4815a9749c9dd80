import { hostname, networkInterfaces } from 'node:os';

/** Under which names and addresses this machine may be asked for. */
export function machineNames(): string[] {
  const host = hostname().toLowerCase();
  const addresses = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
  // An address of one link needs the name of the interface beside it, and that differs at each end.
  const names = ['localhost', host, '127.0.0.1', '::1', ...addresses.filter((address) => !/^fe[89ab]/i.test(address))];
  return [...new Set(names)].filter((name) => /^[a-z0-9.:-]+$/.test(name));
}
