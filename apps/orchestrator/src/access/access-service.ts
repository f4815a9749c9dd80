import type { MessageInitShape } from '@bufbuild/protobuf';
import { ClusterError, type Clock, type JoinTokenRecord, type JoinTokenRepository, type KeyRecord } from '@tutti/core';
import type { AccessService, CreateJoinTokenRequest, KeySchema } from '@tutti/proto/tutti/v1/access';
import { Permission } from '@tutti/proto/tutti/v1/options';
import type { HandlerContext, Implementation } from '@tutti/rpc';
import type { Log } from '@tutti/runtime/log';
import type { IssueJoinToken } from './join-tokens.ts';
import type { KeyRing } from './key-ring.ts';
import { readNewKey } from './new-key.ts';
import { authorize } from './permissions.ts';

interface Options {
  readonly keys: KeyRing;
  readonly joinTokens: JoinTokenRepository;
  readonly issueJoinToken: IssueJoinToken;
  /** Addresses at which other machines reach the agents' port, best first, with a port unless it is the usual one. */
  readonly advertised: () => readonly string[];
  /** Whether other machines can come at all. */
  readonly exposed: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

const usualTtlMs = 60 * 60_000;
const longestTtlMs = 7 * 24 * 60 * 60_000;
const mostUses = 1_000;

/** Keys of clients and join tokens of machines. It checks the right to do so itself, wherever it is served. */
export function createAccessService(options: Options): Implementation<typeof AccessService> {
  const { keys, joinTokens, issueJoinToken, advertised, exposed, clock, log } = options;
  return {
    async createKey(request, context) {
      const grantor = requireAdmin(context);
      const { key, text } = await keys.make(readNewKey(request, grantor, clock.wallTime()));
      log.info('key made', { id: key.id, role: key.role, by: grantor.id });
      return { key: shownKey(key), secret: text };
    },
    async listKeys(_, context) {
      requireAdmin(context);
      return { keys: (await keys.list()).map(shownKey) };
    },
    async revokeKey({ id }, context) {
      const { id: by } = requireAdmin(context);
      const key = await keys.revoke(id);
      if (!key) throw new ClusterError('not_found', 'There is no key of this id.', { param: 'id' });
      log.info('key revoked', { id, by });
      return { key: shownKey(key) };
    },
    async createJoinToken(request, context) {
      const { id: by } = requireAdmin(context);
      if (!exposed) throw notExposed();
      const terms = readTerms(request);
      const { token, text } = await issueJoinToken(terms);
      log.info('join token made', { id: token.id, uses: terms.uses, by });
      const command = `tutti agent --join ${advertised()[0] ?? 'HOST'} --token ${text}`;
      return { token: shownToken(token), secret: text, command };
    },
    async listJoinTokens(_, context) {
      requireAdmin(context);
      return { tokens: (await joinTokens.list(clock.wallTime())).map(shownToken) };
    },
    async revokeJoinToken({ id }, context) {
      const { id: by } = requireAdmin(context);
      const token = await joinTokens.remove(id);
      if (!token) throw new ClusterError('not_found', 'There is no join token of this id.', { param: 'id' });
      log.info('join token revoked', { id, by });
      return { token: shownToken(token) };
    },
  };
}

function requireAdmin({ principal }: HandlerContext) {
  if (!principal) throw new ClusterError('unauthenticated', 'Keys and join tokens are for administrators only.');
  authorize(Permission.ADMINISTER, principal);
  return principal;
}

function readTerms({ ttlMs = usualTtlMs, uses = 1 }: CreateJoinTokenRequest) {
  if (!(ttlMs >= 1 && ttlMs <= longestTtlMs)) {
    const message = `ttlMs must be from 1 to ${longestTtlMs} milliseconds, a week.`;
    throw new ClusterError('invalid_request', message, { param: 'ttlMs' });
  }
  if (!(uses >= 1 && uses <= mostUses)) {
    throw new ClusterError('invalid_request', `uses must be from 1 to ${mostUses}.`, { param: 'uses' });
  }
  return { ttlMs: Math.floor(ttlMs), uses };
}

function notExposed(): ClusterError {
  return new ClusterError(
    'failed_precondition',
    'Other machines cannot reach this orchestrator, so none can join. Start it with --host 0.0.0.0.',
  );
}

/** Field by field: what is not named here is not shown. */
function shownKey(key: KeyRecord): MessageInitShape<typeof KeySchema> {
  const { id, name, role, models = [], classes = [], modelsWrite, requestsPerMinute, concurrency } = key;
  return {
    ...{ id, name, role, modelsWrite, models: [...models], classes: [...classes] },
    ...(requestsPerMinute !== undefined && { requestsPerMinute }),
    ...(concurrency !== undefined && { concurrency }),
    createdAt: dateText(key.createdAt),
    expiresAt: key.expiresAt === undefined ? '' : dateText(key.expiresAt),
  };
}

function shownToken({ id, usesLeft, createdAt, expiresAt }: JoinTokenRecord) {
  return { id, usesLeft, createdAt: dateText(createdAt), expiresAt: dateText(expiresAt) };
}

function dateText(time: number): string {
  return new Date(time).toISOString();
}
