import type { Role } from '../principal.ts';

/** A client's key. The secret itself is nowhere: only its HMAC. */
export interface KeyRecord {
  /** The part of the key that is no secret. */
  readonly id: string;
  readonly name: string;
  /** HMAC-SHA-256 of the secret, lower-case hex. */
  readonly hmac: string;
  readonly role: Role;
  /** Patterns of models; undefined: all. */
  readonly models?: readonly string[];
  /** "interactive", "default" or "batch"; undefined: all. */
  readonly classes?: readonly string[];
  readonly requestsPerMinute?: number;
  readonly concurrency?: number;
  readonly modelsWrite: boolean;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Milliseconds since 1970; undefined: never. */
  readonly expiresAt?: number;
}

export interface KeyRepository {
  /** Adds a key; `invalid_request` if the id is taken. */
  add(key: KeyRecord): Promise<void>;
  /** Oldest first. */
  list(): Promise<KeyRecord[]>;
  /** Removes a key and returns it; undefined if there was none. */
  remove(id: string): Promise<KeyRecord | undefined>;
}
