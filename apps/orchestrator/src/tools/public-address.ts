import { BlockList, isIP } from 'node:net';

/** What is no place of the public internet: this machine, its networks, and ranges kept for other uses. */
const special = new BlockList();

const ranges4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/4', '240.0.0.0/4'],
];

for (const range of ranges4) {
  const [net, bits] = range.split('/');
  special.addSubnet(net!, Number(bits), 'ipv4');
}

/** Addresses of IPv6 that are public; those in it that carry others, or are examples, are not. */
const global6 = new BlockList();
global6.addSubnet('2000::', 3, 'ipv6');

const ranges6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

for (const range of ranges6) {
  const [net, bits] = range.split('/');
  special.addSubnet(net!, Number(bits), 'ipv6');
}

/** Whether an address is one of the public internet. What is no address is not. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !special.check(address, 'ipv4');
  if (family === 6) return global6.check(address, 'ipv6') && !special.check(address, 'ipv6');
  return false;
}
