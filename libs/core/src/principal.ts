import type { Priority } from '@tutti/proto/tutti/agent/v1/dispatch';

/** Each role may do what those before it may. */
export const roles = ['viewer', 'user', 'operator', 'admin'] as const;

export type Role = (typeof roles)[number];

/** Who asks. */
export interface Principal {
  /** Id of the key; "local" for whoever comes from the same machine while that is open. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  readonly role: Role;
  /** Patterns of the models that it may use, "*" stands for any letters; undefined: all. */
  readonly models?: readonly string[];
  /** Priorities that it may ask for; undefined: all. */
  readonly classes?: readonly Priority[];
  /** Whether it may pull, push, create, copy and delete models. */
  readonly modelsWrite: boolean;
}

/** Whoever comes from the same machine while no other can come. */
export const localPrincipal: Principal = { id: 'local', name: 'local', role: 'admin', modelsWrite: true };
