import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError, pause, throwIfAborted, type Clock } from '@tutti/core';
import { RegistryService } from '@tutti/proto/tutti/agent/v1/registry';
import { createChannel, createClient, createRotatingChannel, type Keepalive, type RotatingChannel } from '@tutti/rpc';
import { isLoopback } from '@tutti/runtime/config';
import type { Log } from '@tutti/runtime/log';
import {
  authorityFingerprint,
  fetchAuthority,
  openNodeIdentity,
  parseJoinToken,
  type NodeIdentity,
} from '@tutti/runtime/pki';
import { readNodeId } from './identity.ts';

/** How this agent and its orchestrators reach each other. */
export interface ClusterEntry {
  readonly nodeId: string;
  /** "host:port" of each orchestrator. */
  readonly orchestrators: readonly string[];
  /** A connection to an orchestrator. */
  connect(address: string): RotatingChannel;
  /** Undefined: plaintext, within this machine only. */
  readonly identity: NodeIdentity | undefined;
}

interface Options {
  readonly dataFolder: string;
  /** Name of the node for people. */
  readonly name: string;
  /** "host:port" of those to register with. */
  readonly orchestrators: readonly string[];
  /** "host:port" of the one to join through. */
  readonly join: string | undefined;
  /** Reads the token that makes this machine a member; asked only if it is not one yet. */
  readonly token: () => Promise<string | undefined>;
  readonly keepalive: Keepalive;
  readonly clock: Clock;
  readonly log: Log;
  /** Told what has been done, in a sentence for whoever watches. */
  readonly onStep: (sentence: string) => void;
  readonly signal: AbortSignal;
}

const defaultPort = 50_051;
const joinDeadlineMs = 10_000;
/** Between attempts to join through orchestrators of which none answers. */
const retryMs = 2_000;

/**
 * Finds the way into the cluster: over mutual TLS where this machine has joined one, for which a token is needed once;
 * else plainly, to orchestrators of the same machine.
 */
export async function enterCluster(options: Options): Promise<ClusterEntry> {
  const { dataFolder, join: target, clock, keepalive } = options;
  const folder = join(dataFolder, 'pki');
  const identity = await openNodeIdentity(folder, { clock });
  const file = join(folder, 'orchestrators');
  const tokenIdFile = join(folder, 'token-id');
  const asked = [...new Set([...(target ? [target] : []), ...options.orchestrators])];
  const joined = asked.length > 0 ? [] : await readLines(file);
  if (target === undefined && joined.length === 0 && asked.every(isHere)) return plainEntry(options, asked);
  const known = asked.length > 0 ? asked : joined;
  // A file that held the token may be gone once it was used.
  const token = await options.token().catch((error: unknown) => {
    if (!identity.certificate) throw error;
    return undefined;
  });
  const [usedTokenId] = await readLines(tokenIdFile);
  if (needsToken(identity, token, usedTokenId, clock.wallTime())) {
    await joinThrough(known, identity, token, options);
    if (token !== undefined) await writeFile(tokenIdFile, `${parseJoinToken(token).id}\n`);
  }
  await writeFile(file, `${known.join('\n')}\n`);
  return {
    nodeId: identity.nodeId,
    orchestrators: known,
    identity,
    connect: (address) =>
      createRotatingChannel(() =>
        createChannel(address, {
          ...keepalive,
          tls: { ...identity.credentials(), expected: { kind: 'orchestrator' } },
        }),
      ),
  };
}

async function plainEntry({ dataFolder, keepalive }: Options, orchestrators: readonly string[]): Promise<ClusterEntry> {
  return {
    nodeId: await readNodeId(dataFolder),
    orchestrators: orchestrators.length > 0 ? orchestrators : [`127.0.0.1:${defaultPort}`],
    identity: undefined,
    connect: (address) => createRotatingChannel(() => createChannel(address, keepalive)),
  };
}

/** There is no plaintext beyond the machine. */
function isHere(address: string): boolean {
  return isLoopback(address.replace(/:\d+$/, '').replaceAll(/[[\]]/g, ''));
}

/** The token that it joined with is no reason to join again; another one is: the machine may have been removed. */
function needsToken(
  { certificate }: NodeIdentity,
  token: string | undefined,
  usedTokenId: string | undefined,
  now: number,
): boolean {
  if (!certificate || certificate.expiresAt <= now) return true;
  return token !== undefined && parseJoinToken(token).id !== usedTokenId;
}

/** Whether the machine can do without the token, because it is a member of the cluster that the token is for. */
function isMember({ certificate }: NodeIdentity, token: string, now: number): boolean {
  if (!certificate || certificate.expiresAt <= now) return false;
  return parseJoinToken(token).fingerprint === authorityFingerprint(certificate.caPem);
}

async function joinThrough(
  orchestrators: readonly string[],
  identity: NodeIdentity,
  token: string | undefined,
  options: Options,
): Promise<void> {
  const { log, clock, signal } = options;
  if (token === undefined) {
    const why = identity.certificate ? 'Its certificate has expired' : 'It has no certificate yet';
    throw new ClusterError(
      'unauthenticated',
      `This machine cannot enter the cluster. ${why}: make a token with "tutti token create" on the orchestrator and give it with --token.`,
    );
  }
  for (;;) {
    for (const address of orchestrators) {
      throwIfAborted(signal);
      try {
        await joinAt(address, token, identity, options);
        log.info('joined', { orchestrator: address, nodeId: identity.nodeId });
        return;
      } catch (thrown) {
        const error = ClusterError.from(thrown);
        if (error.reason === 'unauthenticated' && isMember(identity, token, clock.wallTime())) {
          log.warn('not joined anew; this machine goes on as the member that it is', { error: error.message });
          return;
        }
        if (error.reason !== 'node_unreachable' && error.reason !== 'deadline_exceeded') throw error;
        log.warn('not joined', { orchestrator: address, error: error.message, retryMs });
      }
    }
    await pause(clock, retryMs, signal);
  }
}

/** First looks who is there; the token travels only once the other side has proved to be the cluster that it names. */
async function joinAt(
  address: string,
  token: string,
  identity: NodeIdentity,
  { name, keepalive, onStep, signal }: Options,
): Promise<void> {
  const { fingerprint } = parseJoinToken(token);
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(address) ?? [];
  const ca = await fetchAuthority({ host: host.replaceAll(/[[\]]/g, ''), port: Number(port), fingerprint, signal });
  onStep('The authority of the cluster is the one that the token names.');
  const channel = createChannel(address, { ...keepalive, tls: { ca, expected: { kind: 'orchestrator' } } });
  try {
    const registry = createClient(channel, RegistryService, { deadlineMs: joinDeadlineMs });
    const { certificatePem } = await registry.join({ token, csrPem: await identity.csr(), name }, { signal });
    await identity.store({ certificatePem, caPem: ca });
    onStep('This machine has its certificate; it renews itself.');
  } finally {
    channel.close();
  }
}

async function readLines(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').filter(Boolean);
}
