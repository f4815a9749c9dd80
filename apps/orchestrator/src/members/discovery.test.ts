import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createLog } from '@tutti/runtime/log';
import { Bonjour, type Service } from 'bonjour-service';
import { afterEach, describe, expect, it } from 'vitest';
import { publishDiscovery } from './discovery.ts';

const loopback = '127.0.0.1';
const log = createLog({ service: 'test', level: 'error' });
const open: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

/** Why this machine cannot send itself a multicast packet; undefined: it can. */
async function whyNoMulticast(): Promise<string | undefined> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  try {
    socket.bind(5_353, '0.0.0.0');
    await once(socket, 'listening');
    socket.addMembership('224.0.0.251', loopback);
    socket.setMulticastInterface(loopback);
    return undefined;
  } catch (error) {
    return String(error);
  } finally {
    socket.close();
  }
}

/** Listens for orchestrators, as an agent would. */
function listenFor(name: string): { found: Promise<Service>; gone: Promise<Service> } {
  const bonjour = new Bonjour({ interface: loopback, bind: '0.0.0.0' } as object);
  open.push(() => new Promise((resolve) => bonjour.destroy(resolve)));
  const browser = bonjour.find({ type: 'tutti' });
  const next = (event: 'up' | 'down'): Promise<Service> =>
    new Promise((resolve) => {
      browser.on(event, (service) => {
        if (service.name.startsWith(name)) resolve(service);
      });
    });
  return { found: next('up'), gone: next('down') };
}

const reason = await whyNoMulticast();
if (reason) process.stdout.write(`discovery is not tested: ${reason}\n`);

describe.skipIf(reason)('an orchestrator', () => {
  it('is found with its port and fingerprint, and takes its leave', async () => {
    const name = `test-${process.pid}`;
    const { found, gone } = listenFor(name);
    const facts = { name, port: 50_051, fingerprint: 'c2hhMjU2LW9mLXRoZS1jYQ', log, addresses: [loopback] };
    const discovery = await publishDiscovery(facts);
    const service = await found;
    expect(service).toMatchObject({ port: 50_051, host: `${name}.local`, name: `${name} c2hhMjU2` });
    expect(service.txt).toEqual({ v: '1', fingerprint: 'c2hhMjU2LW9mLXRoZS1jYQ' });
    expect(service.referer?.address).toBe(loopback);
    await discovery.close();
    await gone;
  });
});

it('goes on without mDNS where there is none', async () => {
  const discovery = await publishDiscovery({ name: 'x', port: 1, fingerprint: 'f', log, addresses: [] });
  await discovery.close();
});
