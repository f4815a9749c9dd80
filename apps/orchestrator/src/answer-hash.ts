import { createHash } from 'node:crypto';

/** Names an answer by what was asked. Nobody can find another question of the same name. */
export function answerHash(text: string, bytes: Uint8Array): string {
  return createHash('sha256').update(text).update('\0').update(bytes).digest('base64url');
}
