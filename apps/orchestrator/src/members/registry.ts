import { ClusterError, type Clock, type Store } from '@tutti/core';
import type { RegistryService } from '@tutti/proto/tutti/agent/v1/registry';
import type { HandlerContext, Implementation } from '@tutti/rpc';
import type { Log } from '@tutti/runtime/log';
import { parseJoinToken, type Authority } from '@tutti/runtime/pki';
import type { Membership } from './membership.ts';

type Registry = Implementation<typeof RegistryService>;

interface Options {
  readonly membership: Pick<Membership, 'registry' | 'record' | 'recordOf' | 'models' | 'keep' | 'readmit'>;
  /** Undefined while only this machine can come: then nobody joins, and nobody needs to. */
  readonly authority: Authority | undefined;
  readonly joinTokens: Store['joinTokens'];
  readonly pushLogs: Registry['pushLogs'];
  readonly clock: Clock;
  readonly log: Log;
}

/** What an orchestrator offers agents. */
export function createRegistry({ membership, authority, joinTokens, pushLogs, clock, log }: Options): Registry {
  /**
   * The name that a joining machine gets. Nobody takes the name of another, not even of one that sleeps: a machine that
   * lost its key comes back under a name of its own until the former one is removed.
   */
  const settleName = (name: string, id: string): string => {
    const holder = membership.record(name);
    if (holder?.id === id) return name;
    const isExpected = holder?.kind === 'agent' && holder.id === undefined;
    if (!membership.models(name) && (!holder || isExpected)) return name;
    const own = `${name.slice(0, 59)}-${id.slice(0, 4)}`;
    log.warn('another node has the name; if it is the same machine, remove the former with "tutti node rm"', {
      node: name,
      joinsAs: own,
    });
    return own;
  };

  return {
    ...membership.registry,
    pushLogs,
    async join({ token, csrPem, name }) {
      if (!authority) throw notExposed();
      checkName(name);
      const { id, secretHash, fingerprint } = parseJoinToken(token);
      const known = await joinTokens.find(id);
      if (fingerprint !== authority.fingerprint || known?.secretHash !== secretHash) throw badToken();
      // A request that is of no use must not cost a use of the token.
      const certificate = await authority.issueNode(csrPem);
      if (!(await joinTokens.burn(id, secretHash, clock.wallTime()))) throw badToken();
      const node = settleName(name, certificate.nodeId);
      // Whoever made the token wants the machine, also one that was removed before.
      await membership.readmit(certificate.nodeId);
      await membership.keep(node, {
        id: certificate.nodeId,
        joinedAt: clock.wallTime(),
        certificateExpiresAt: certificate.expiresAt,
      });
      log.info('node joined', { node, nodeId: certificate.nodeId, serial: certificate.serial, tokenId: id });
      return { certificatePem: certificate.certificatePem, caPem: authority.caPem, nodeId: certificate.nodeId };
    },
    async renew({ csrPem }, { identity }) {
      if (!authority) throw notExposed();
      const nodeId = nodeOf(identity);
      const certificate = await authority.issueNode(csrPem, { nodeId });
      const record = membership.recordOf(nodeId);
      if (record) await membership.keep(record.name, { certificateExpiresAt: certificate.expiresAt });
      log.info('certificate renewed', { nodeId, serial: certificate.serial });
      return { certificatePem: certificate.certificatePem, caPem: authority.caPem };
    },
  };
}

function nodeOf(identity: HandlerContext['identity']): string {
  if (identity?.kind === 'node') return identity.id;
  throw new ClusterError('unauthenticated', 'Only a node with a certificate of this cluster can renew it.');
}

function checkName(name: string): void {
  if (/^[\w.-]{1,64}$/.test(name)) return;
  throw new ClusterError('invalid_request', 'name must be 1 to 64 letters, digits, ".", "_" or "-".', {
    param: 'name',
  });
}

/** The same words whatever is wrong: whoever guesses learns nothing. */
function badToken(): ClusterError {
  return new ClusterError(
    'unauthenticated',
    'The join token is unknown, used up or expired. Make a new one on the orchestrator with "tutti token create".',
  );
}

function notExposed(): ClusterError {
  return new ClusterError(
    'failed_precondition',
    'This orchestrator serves its own machine only. Start it with --host 0.0.0.0 to let other machines join.',
  );
}
