import { sessionMs } from './sessions.ts';

const pattern = /(?:^|;)\s*tutti_session=([\w-]{1,100})\s*(?=;|$)/g;

/** The session that a Cookie header names; undefined if it names none, or several: then it is not ours alone. */
export function readSessionCookie(header: string | undefined): string | undefined {
  const found = [...(header ?? '').matchAll(pattern)];
  return found.length === 1 ? found[0]![1] : undefined;
}

/** The Set-Cookie header that gives a browser its session. No script can read it, and no other site can use it. */
export function sessionCookie(secret: string, secure: boolean): string {
  return cookie(secret, sessionMs / 1_000, secure);
}

/** The Set-Cookie header that takes it back. */
export function noSessionCookie(secure: boolean): string {
  return cookie('', 0, secure);
}

function cookie(value: string, maxAgeSeconds: number, secure: boolean): string {
  const attributes = `Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict`;
  return `tutti_session=${value}; ${attributes}${secure ? '; Secure' : ''}`;
}
