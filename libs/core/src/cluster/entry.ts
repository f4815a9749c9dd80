import type { ClusterError } from '../error.ts';
import type { Priority } from '../generate.ts';
import type { Waiting } from '../queue/fair-queue.ts';
import type { Route } from '../routing/policy.ts';
import type { Lease } from './lease.ts';

/** A call's request for a lease. */
export interface Request {
  /** Calls in front of this one; undefined once it is served or refused. */
  readonly position: number | undefined;
  /** Milliseconds until it is expected to start; undefined: nobody knows. */
  readonly etaMs: number | undefined;
  /** Rejects when the call is aborted, or when no node can serve it. */
  readonly lease: Promise<Lease>;
  /** Resolves when the call has been served or refused, and once a while, when its place may be another. */
  moved(): Promise<void>;
  /** Gives back the slot, or the place in the queue. Whoever asks calls it once done, whatever happened. */
  release(): void;
}

/** A call that waits, for people to see. */
export interface WaitingCall {
  readonly requestId: string;
  readonly model: string;
  readonly priority: Priority;
  /** Id of the key that sent it. */
  readonly key: string;
  /** Calls in front of it. */
  readonly position: number;
  /** When it first came into the queue, on the cluster's clock. */
  readonly since: number;
  /** From 1. */
  readonly attempt: number;
  /** Milliseconds until it is expected to start; undefined: nobody knows. */
  readonly etaMs: number | undefined;
}

/** A call in the queue. */
export interface Entry extends Waiting {
  readonly route: Route;
  /** When it is expected to start, on the cluster's clock. */
  startsAt: number | undefined;
  /** Stops the clock that runs while only nodes that are away could serve it. */
  stopPatience: (() => void) | undefined;
  readonly grant: (lease: Lease) => void;
  readonly refuse: (error: ClusterError) => void;
  /** Its place may be another. */
  readonly move: () => void;
}

/** What is promised to whoever waits for a lease. */
export interface Promised {
  readonly lease: Promise<Lease>;
  /** The lease, as soon as it is given. */
  readonly given: Lease | undefined;
  grant(lease: Lease): void;
  refuse(error: ClusterError): void;
  move(): void;
  moved(): Promise<void>;
}

/** `onSettled` is called once, before the promise is kept or broken. */
export function promiseLease(onSettled: () => void): Promised {
  const { promise, resolve, reject } = Promise.withResolvers<Lease>();
  let settled = false;
  let given: Lease | undefined;
  let next: PromiseWithResolvers<void> | undefined;
  // Whoever leaves before it is served never looks at the promise.
  promise.catch(() => {});

  const move = (): void => {
    next?.resolve();
    next = undefined;
  };

  const settle = (how: () => void): void => {
    if (settled) return;
    settled = true;
    onSettled();
    how();
    move();
  };

  return {
    lease: promise,
    get given() {
      return given;
    },
    grant: (lease) =>
      settle(() => {
        given = lease;
        resolve(lease);
      }),
    refuse: (error) => settle(() => reject(error)),
    move,
    moved() {
      if (settled) return Promise.resolve();
      next ??= Promise.withResolvers<void>();
      return next.promise;
    },
  };
}
