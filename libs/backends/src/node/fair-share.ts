import type { Clock } from '@tutti/core';

/** Divides places between owners, once one of them has been refused. */
export interface FairShare {
  /** Whether the owner may take one of the `free` places; a refusal is remembered. */
  allows(owner: string, free: number): boolean;
  take(owner: string): void;
  give(owner: string): void;
}

interface Owner {
  held: number;
  /** Of its last call, or refusal. */
  seenAt: number;
  refusedAt: number;
  /** When it was refused first, of those times that it has not got a place since. */
  waitsSince: number | undefined;
}

/** Who has not asked for so long has no part. */
const activeMs = 10_000;
/** Who was refused goes first for so long: it has been told to come again after half of it. */
const claimMs = 500;

export function createFairShare(places: number, clock: Clock): FairShare {
  const owners = new Map<string, Owner>();

  const ownerOf = (name: string): Owner => {
    let owner = owners.get(name);
    if (!owner) {
      owner = { held: 0, seenAt: 0, refusedAt: -Infinity, waitsSince: undefined };
      owners.set(name, owner);
    }
    owner.seenAt = clock.now();
    return owner;
  };

  const forgetIdle = (): void => {
    for (const [name, { held, seenAt }] of owners) {
      if (held === 0 && clock.now() - seenAt >= activeMs) owners.delete(name);
    }
  };

  const mayTake = (own: Owner, free: number): boolean => {
    const part = Math.ceil(places / owners.size);
    const now = clock.now();
    const wanting = [...owners.values()].filter(
      (other) => other !== own && other.held < part && now - other.refusedAt < activeMs,
    );
    if (wanting.length > 0 && own.held >= part) return false;
    const ahead = wanting.filter(
      ({ refusedAt, waitsSince = Infinity }) => now - refusedAt < claimMs && waitsSince < (own.waitsSince ?? Infinity),
    );
    return free > ahead.length;
  };

  return {
    allows(name, free) {
      forgetIdle();
      const owner = ownerOf(name);
      if (mayTake(owner, free)) return true;
      const now = clock.now();
      if (now - owner.refusedAt >= claimMs) owner.waitsSince = undefined;
      owner.waitsSince ??= now;
      owner.refusedAt = now;
      return false;
    },
    take(name) {
      const owner = ownerOf(name);
      owner.held += 1;
      owner.waitsSince = undefined;
    },
    give(name) {
      ownerOf(name).held -= 1;
    },
  };
}
