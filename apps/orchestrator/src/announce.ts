import { announceReady, version } from '@tutti/runtime';
import type { Log } from '@tutti/runtime/log';
import type { IssueJoinToken } from './access/join-tokens.ts';

interface Ready {
  /** Where clients come. */
  readonly port: number;
  /** Where agents come. */
  readonly grpcPort: number;
  /** Whether other machines can come. */
  readonly exposed: boolean;
  /** Whether clients of other machines are to encrypt. */
  readonly encrypted: boolean;
  /** If it has just been made. */
  readonly firstAdminKey: string | undefined;
  /** Left out: agents need no token. */
  readonly issueJoinToken: IssueJoinToken | undefined;
  readonly log: Log;
}

/** The agent that `tutti up` starts beside the orchestrator joins at once, and again if its folder is lost meanwhile. */
const ownAgentToken = { ttlMs: 60 * 60_000, uses: 3 };

/** Tells the log, the process that started this one and, of the first key, whoever looks on that all is open. */
export async function announce(ready: Ready): Promise<void> {
  const { port, grpcPort, exposed, encrypted, firstAdminKey, issueJoinToken, log } = ready;
  log.info('serving', { port, grpcPort, exposed });
  if (exposed && !encrypted)
    log.warn('clients of other machines send their keys in plaintext; see server.tls', { port });
  // Without a store nobody can join; whoever has joined needs no token.
  const notIssued = (error: unknown): void => void log.warn('no join token for the agent of this machine', { error });
  const ownAgent = process.send && (await issueJoinToken?.(ownAgentToken).catch(notIssued));
  announceReady({
    ...{ port, grpcPort, version, exposed },
    ...(firstAdminKey && { firstAdminKey }),
    ...(ownAgent && { joinToken: ownAgent.text }),
  });
  if (firstAdminKey && !process.send) {
    // What is no terminal keeps what it is given: the log of a container, of a service.
    const key = process.stdout.isTTY ? `shown once: ${firstAdminKey}` : 'made: "tutti keys admin --show" tells it';
    process.stdout.write(`Admin key, ${key}\n`);
  }
}
