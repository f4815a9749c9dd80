import { createHash, randomBytes } from 'node:crypto';
import { ClusterError } from '@tutti/core';

/** A token with which machines join, as it is stored: without its secret. */
export interface JoinToken {
  /** The part that is no secret. */
  readonly id: string;
  /** SHA-256 of the secret, lower-case hex. */
  readonly secretHash: string;
  /** Of the certificate authority that the token is for. */
  readonly fingerprint: string;
}

const version = 'tutti1';
const secretBytes = 24;
const shape = /^tutti1\.[0-9a-f]{12}\.[\w-]{32}\.[\w-]{43}$/;
const length = 96;

/** A fresh token for the authority with that fingerprint; `text` is the only place where its secret stands. */
export function mintJoinToken(
  fingerprint: string,
  random: (bytes: number) => Buffer = randomBytes,
): JoinToken & { readonly text: string } {
  const secret = random(secretBytes).toString('base64url');
  const id = idOf(secret, fingerprint);
  return {
    id,
    secretHash: hashJoinSecret(secret),
    fingerprint,
    text: `${version}.${id}.${secret}.${fingerprint}`,
  };
}

/** What is in a token that somebody has pasted. `invalid_request` tells what is wrong, and repeats nothing of it. */
export function parseJoinToken(text: string): JoinToken {
  // Terminals break long lines when they are copied.
  const token = text.replaceAll(/[\s"']/g, '');
  if (token === '') throw bad('it is empty');
  const [given = '', id = '', secret = '', fingerprint = ''] = token.split('.');
  if (given !== version) throw bad(strange(given));
  if (token.length < length) throw bad(`it is cut off: ${token.length} of ${length} characters are there`);
  if (token.length > length) throw bad(`it has ${token.length} characters instead of ${length}`);
  if (!shape.test(token) || id !== idOf(secret, fingerprint)) throw bad('a character of it is wrong');
  return { id, secretHash: hashJoinSecret(secret), fingerprint };
}

/** SHA-256, lower-case hex. Enough for a secret of 192 random bits. */
export function hashJoinSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Made from the rest of the token, so that it notices a slip of the pen. */
function idOf(secret: string, fingerprint: string): string {
  return createHash('sha256').update(`${secret}.${fingerprint}`).digest('hex').slice(0, 12);
}

function strange(start: string): string {
  return /^tutti\d+$/.test(start)
    ? `it is of a kind (${start}) that this version of Tutti does not know: update Tutti on this machine`
    : `it does not begin with "${version}.": a key for clients, for one, is no join token`;
}

function bad(why: string): ClusterError {
  const message = `the join token cannot be used: ${why}. \`tutti token create\` at the orchestrator prints a whole one`;
  return new ClusterError('invalid_request', message, { param: 'token' });
}
