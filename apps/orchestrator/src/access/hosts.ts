import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { matchesWildcard } from '@tutti/core';

interface Options {
  /** Whether other machines can come. */
  readonly exposed: boolean;
  /** Further names of this server; "*" stands for any letters. */
  readonly allowedHosts: () => readonly string[];
}

const notInPublicDns = [/^[\w-]+$/, /\.(local|internal|home\.arpa)$/];

/**
 * Whether a request's Host is a name of this server. A page may point a name of its own at this machine and so make a
 * browser take us for a part of the page; it cannot do so with an address, nor with a name that the public DNS has not.
 */
export function hostRule({ exposed, allowedHosts }: Options): (host: string) => boolean {
  const own = hostname().toLowerCase();
  // Containers of this machine call it by the second; the public DNS has no such name.
  const names = ['localhost', 'host.docker.internal', '*.localhost', own, `${own}.local`];
  const shapes = exposed ? notInPublicDns : [];
  return (host) => {
    const name = hostnameOf(host);
    // Only what is no browser leaves it out.
    if (name === '' || isIP(name) !== 0) return true;
    if (shapes.some((shape) => shape.test(name))) return true;
    return [...names, ...allowedHosts()].some((pattern) => matchesWildcard(pattern.toLowerCase(), name));
  };
}

/** A Host header without its port, its brackets and the root's dot. */
function hostnameOf(host: string): string {
  const [, bracketed, plain = ''] = /^(?:\[([0-9a-f:.]*)\]|([^:]*))(?::\d*)?$/.exec(host.toLowerCase()) ?? [];
  return bracketed ?? (plain || host).replace(/\.$/, '');
}
