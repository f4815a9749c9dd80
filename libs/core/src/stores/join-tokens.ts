/** A token with which machines join. The secret itself is nowhere: only its hash. */
export interface JoinTokenRecord {
  /** The part of the token that is no secret. */
  readonly id: string;
  /** SHA-256 of the secret, lower-case hex. */
  readonly secretHash: string;
  readonly usesLeft: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

export interface JoinTokenRepository {
  /** Adds a token; `invalid_request` if the id is taken. A token is forgotten some time after it has expired. */
  add(token: JoinTokenRecord): Promise<void>;
  /** Those with uses left that have not expired at `now`, oldest first. */
  list(now: number): Promise<JoinTokenRecord[]>;
  find(id: string): Promise<JoinTokenRecord | undefined>;
  /**
   * Takes one use, atomically: of any number that try at once, as many succeed as there were uses. False if there is no
   * such token, the hash differs, it has no uses left or it has expired at `now`.
   */
  burn(id: string, secretHash: string, now: number): Promise<boolean>;
  /** Removes a token and returns it; undefined if there was none. */
  remove(id: string): Promise<JoinTokenRecord | undefined>;
}
