import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Health } from '@tutti/proto/grpc/health/v1/health';
import { RegistryService } from '@tutti/proto/tutti/agent/v1/registry';
import { ModelService } from '@tutti/proto/tutti/agent/v1/model';
import { systemClock } from '@tutti/runtime';
import { openAuthority, openNodeIdentity } from '@tutti/runtime/pki';
import type { Authority } from '@tutti/runtime/pki';
import { virtualClock } from '@tutti/testing';
import type { VirtualClock } from '@tutti/testing';
import { afterEach } from 'vitest';
import type { Channel } from '../channel.ts';
import { createClient } from '../client.ts';
import { createChannel } from '../grpc-channel.ts';
import type { Implementation } from '../handler.ts';
import { createHealth } from '../health.ts';
import { listen } from '../one-port.ts';
import type { Listening, PortOptions } from '../one-port.ts';
import { addService, createServer } from '../server.ts';
import type { ChannelTls } from './channel-credentials.ts';
import type { Credentials } from './credentials.ts';
import type { TlsOptions } from './tls-port.ts';

const closers: (() => unknown)[] = [];

/** Everything that a test has opened is closed after it. */
export function closeAfterEach(): void {
  afterEach(async () => {
    for (const close of closers.splice(0).toReversed()) await close();
  });
}

export function closeLater(close: () => unknown): void {
  closers.push(close);
}

/** Virtual time that begins now. */
export function clockFromNow(): VirtualClock {
  const virtual = virtualClock();
  const startedAt = Date.now();
  return { ...virtual, wallTime: () => startedAt + virtual.now() };
}

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-tls-'));
  closers.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A certificate authority, and certificates by it. */
export interface Cluster {
  readonly authority: Authority;
  /** The same authority, by another clock. */
  at(offsetMs: number, lifeMs?: number): Promise<Authority>;
  orchestrator(id?: string, by?: Authority): Promise<Credentials>;
  node(by?: Authority): Promise<Credentials & { readonly id: string }>;
}

export async function createCluster(lifeMs?: number): Promise<Cluster> {
  const folder = await newFolder();
  const at = (offsetMs: number, lifeMs?: number): Promise<Authority> => {
    const clock = { ...systemClock, wallTime: () => Date.now() + offsetMs };
    return openAuthority(folder, { clock, ...(lifeMs !== undefined && { lifeMs }) });
  };
  const authority = await at(0, lifeMs);
  return {
    authority,
    at,
    async orchestrator(id = 'o1', by = authority) {
      const { keyPem, certificatePem } = await by.issueOrchestrator(id);
      return { key: keyPem, certificate: certificatePem, ca: authority.caPem };
    },
    async node(by = authority) {
      const identity = await openNodeIdentity(await newFolder(), { clock: { ...systemClock, wallTime: () => 0 } });
      const { certificatePem } = await by.issueNode(await identity.csr());
      await identity.store({ certificatePem, caPem: authority.caPem });
      return { ...identity.credentials(), id: identity.nodeId };
    },
  };
}

/**
 * The certificate as if the authority `to` had issued it and not `from`: all names right, the signature wrong. (Who forges
 * one would sign it anew, and that signature would be as wrong.)
 */
export function disguised(certificatePem: string, from: string, to: string): string {
  const der = new X509Certificate(certificatePem).raw.toString('latin1');
  const swapped = der.replaceAll(nameOf(from), nameOf(to)).replaceAll(keyIdOf(from), keyIdOf(to));
  const base64 = Buffer.from(swapped, 'latin1').toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${base64.replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}

function nameOf(caPem: string): string {
  return /CN=(.*)/.exec(new X509Certificate(caPem).subject)?.[1] ?? '';
}

/** What follows the header of the extension "subject key identifier". */
function keyIdOf(caPem: string): string {
  const der = new X509Certificate(caPem).raw.toString('latin1');
  const header = '\x06\x03\x55\x1d\x0e\x04\x16\x04\x14';
  const start = der.indexOf(header) + header.length;
  return der.slice(start, start + 20);
}

type Registry = Partial<Implementation<typeof RegistryService>>;
type Models = Partial<Implementation<typeof ModelService>>;

interface Served {
  readonly registry?: Registry;
  readonly models?: Models;
  readonly http?: PortOptions['http'];
  readonly silenceMs?: number;
}

/** A port where Join is for anybody, the rest and the models are for nodes, and nobody has said whom health is for. */
export async function serve(
  credentials: Credentials,
  { registry = {}, models = {}, http = () => {}, silenceMs }: Served = {},
  tls: Partial<TlsOptions> = {},
): Promise<Listening> {
  const server = createServer();
  addService(
    server,
    RegistryService,
    { heartbeat: async () => ({}), join: async () => ({ nodeId: 'joined' }), ...registry },
    { identity: ({ name }) => (name === 'Join' ? 'none' : 'node') },
  );
  addService(server, ModelService, { hasBlob: async () => ({}), ...models }, { identity: 'node' });
  addService(server, Health, createHealth().implementation);
  const listening = await listen({
    server,
    http,
    host: '127.0.0.1',
    port: 0,
    ...(silenceMs !== undefined && { silenceMs }),
    tls: { credentials, clock: systemClock, ...tls },
  });
  closers.push(() => listening.destroy());
  return listening;
}

type Port = Pick<Listening, 'port'>;

export function channelTo({ port }: Port, tls?: ChannelTls): Channel {
  const channel = createChannel(`127.0.0.1:${port}`, tls && { tls });
  closers.push(() => channel.close());
  return channel;
}

const deadlines = { deadlineMs: 10_000 };
const anyOrchestrator = { kind: 'orchestrator' } as const;

/** Whom a client shows, if anybody, and whose authority it trusts. */
type Shown = Pick<Credentials, 'ca'> & Partial<Credentials>;

export function registryClient(to: Port, shown: Shown, expected: ChannelTls['expected'] = anyOrchestrator) {
  return createClient(channelTo(to, { ...shown, expected }), RegistryService, deadlines);
}

export function modelsClient(to: Port, shown: Shown, expected: ChannelTls['expected'] = anyOrchestrator) {
  return createClient(channelTo(to, { ...shown, expected }), ModelService, deadlines);
}

export function healthClient(to: Port, shown: Shown) {
  return createClient(channelTo(to, { ...shown, expected: anyOrchestrator }), Health, deadlines);
}
