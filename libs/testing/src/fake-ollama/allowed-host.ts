import { BlockList, isIP } from 'node:net';
import { hostname } from 'node:os';

const localAddresses = new BlockList();
localAddresses.addSubnet('127.0.0.0', 8, 'ipv4');
localAddresses.addSubnet('10.0.0.0', 8, 'ipv4');
localAddresses.addSubnet('172.16.0.0', 12, 'ipv4');
localAddresses.addSubnet('192.168.0.0', 16, 'ipv4');
localAddresses.addAddress('0.0.0.0', 'ipv4');
localAddresses.addAddress('::1', 'ipv6');
localAddresses.addAddress('::', 'ipv6');
localAddresses.addSubnet('fc00::', 7, 'ipv6');

const usual = /^(127\.0\.0\.1|localhost)(:\d+)?$/;

/**
 * Whether Ollama on loopback takes a request with this Host header. It answers 403 to names of other machines, which
 * is how a gateway that passes its client's header on gives itself away.
 */
export function allowedHost(header: string): boolean {
  if (usual.test(header)) return true;
  const host = header
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
  const family = isIP(host);
  if (family !== 0) return localAddresses.check(host, family === 4 ? 'ipv4' : 'ipv6');
  return (
    host === '' ||
    host === 'localhost' ||
    host === hostname().toLowerCase() ||
    /\.(localhost|local|internal)$/.test(host)
  );
}
