import type { Clock, JoinTokenRecord, JoinTokenRepository } from '@tutti/core';

interface Options {
  readonly repository: JoinTokenRepository;
  /** Makes a token that names our certificate authority. */
  readonly mint: () => { readonly id: string; readonly secretHash: string; readonly text: string };
  readonly clock: Clock;
}

export interface JoinTokenTerms {
  readonly ttlMs: number;
  /** Machines that may join with it. */
  readonly uses: number;
}

/** Makes and keeps a join token; `text` is the only place where its secret stands. */
export type IssueJoinToken = (
  terms: JoinTokenTerms,
) => Promise<{ readonly token: JoinTokenRecord; readonly text: string }>;

export function joinTokenIssuer({ repository, mint, clock }: Options): IssueJoinToken {
  return async ({ ttlMs, uses }) => {
    const { id, secretHash, text } = mint();
    const createdAt = clock.wallTime();
    const token = { id, secretHash, usesLeft: uses, createdAt, expiresAt: createdAt + ttlMs };
    await repository.add(token);
    return { token, text };
  };
}
