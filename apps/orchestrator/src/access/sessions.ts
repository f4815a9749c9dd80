import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '@tutti/core';

/** Browsers that have shown a key. A page cannot send a header when it is opened; a cookie goes by itself. */
export interface Sessions {
  /** Opens a session for a key and returns its secret, the cookie's value. */
  open(keyId: string): string;
  /** Id of the key that the session is for; undefined if there is none, or no more. */
  keyOf(secret: string): string | undefined;
  close(secret: string): void;
}

/** How long a session lasts. */
export const sessionMs = 12 * 60 * 60_000;

/** The oldest makes room for one more. */
const mostSessions = 10_000;
/** The next one takes the place of that key's oldest: nobody's signing in ends another's session. */
const mostOfOneKey = 100;

interface Session {
  readonly keyId: string;
  readonly endsAt: number;
}

/** In memory: after a restart, browsers show their key again. What is looked up is a hash, so its time tells nothing. */
export function createSessions({ clock }: { readonly clock: Clock }): Sessions {
  const sessions = new Map<string, Session>();

  const makeRoom = (): void => {
    for (const [hash, { endsAt }] of sessions) {
      if (endsAt > clock.now() && sessions.size < mostSessions) return;
      sessions.delete(hash);
    }
  };

  return {
    open(keyId) {
      makeRoom();
      const own = [...sessions].filter(([, session]) => session.keyId === keyId);
      if (own.length >= mostOfOneKey) sessions.delete(own[0]![0]);
      const secret = randomBytes(32).toString('base64url');
      sessions.set(hashOf(secret), { keyId, endsAt: clock.now() + sessionMs });
      return secret;
    },
    keyOf(secret) {
      const session = sessions.get(hashOf(secret));
      return session && session.endsAt > clock.now() ? session.keyId : undefined;
    },
    close(secret) {
      sessions.delete(hashOf(secret));
    },
  };
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64');
}
