import { createHmac, randomBytes } from 'node:crypto';

/** The two parts of a client's key, `tutti_<id>_<secret>`. */
export interface KeyParts {
  /** No secret: names the key in lists and logs. */
  readonly id: string;
  readonly secret: string;
}

const keyShape = /^tutti_([0-9a-f]{8})_([\w-]{43})$/;
const keyStart = /tutti_[0-9a-f]{8}_/i;

/** A key that nobody has yet, and its text. */
export function mintKey(): KeyParts & { readonly text: string } {
  const id = randomBytes(4).toString('hex');
  const secret = randomBytes(32).toString('base64url');
  return { id, secret, text: `tutti_${id}_${secret}` };
}

/** The parts of a key; undefined if the text is none. */
export function parseKey(text: string): KeyParts | undefined {
  const [, id, secret] = keyShape.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** Whether a key, or the beginning of one, stands anywhere in the text. */
export function containsKey(text: string): boolean {
  return keyStart.test(text);
}

/** What is kept of a secret. */
export function keyHmac(serverSecret: string, secret: string): Buffer {
  return createHmac('sha256', serverSecret).update(secret).digest();
}
