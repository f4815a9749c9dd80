import type { Clock, KeyRepository } from '@tutti/core';
import type { Shutdown } from '@tutti/runtime';
import { isLoopback } from '@tutti/runtime/config';
import type { Log } from '@tutti/runtime/log';
import { authenticateLocal, createAuthenticate, type Authenticate } from './authenticate.ts';
import { openKeyRing, type KeyRing } from './key-ring.ts';
import { createLimits, type Limits } from './limits.ts';
import { createSessions, type Sessions } from './sessions.ts';

/** Who may come in. */
export interface Access {
  /** Whether other machines can come: then everybody needs a key. */
  readonly exposed: boolean;
  readonly authenticate: Authenticate;
  readonly keys: KeyRing;
  readonly sessions: Sessions;
  readonly limits: Limits;
}

interface Options {
  readonly exposed: boolean;
  /** The data folder. */
  readonly folder: string;
  readonly repository: KeyRepository;
  readonly log: Log;
  readonly clock: Clock;
}

export async function openAccess(options: Options, shutdown: Shutdown): Promise<Access> {
  const { exposed, clock } = options;
  const keys = await openKeyRing(options);
  shutdown.add('keys', () => keys.close());
  const sessions = createSessions({ clock });
  const authenticate = exposed ? createAuthenticate({ keys, sessions, clock }) : authenticateLocal;
  return { exposed, authenticate, keys, sessions, limits: createLimits({ clock, find: keys.find }) };
}

/** Whoever stands behind a proxy is reached by others, wherever it listens. */
export function isExposed(host: string, trustProxy: readonly string[]): boolean {
  return !isLoopback(host) || trustProxy.length > 0;
}
