import type { DocumentKind, DocumentRepository } from './documents.ts';
import type { EstimatesRepository } from './estimates.ts';
import type { JoinTokenRepository } from './join-tokens.ts';
import type { KeyRepository } from './keys.ts';
import type { LogRepository } from './logs.ts';
import type { NodeRepository } from './nodes.ts';
import type { RunRepository } from './runs.ts';

/**
 * What outlives a process. Every method rejects with `storage_unavailable` while the store is away, soon and not after
 * a long wait; inference never waits for it.
 */
export interface Store {
  readonly kind: 'sqlite' | 'mongodb';
  readonly keys: KeyRepository;
  readonly joinTokens: JoinTokenRepository;
  readonly nodes: NodeRepository;
  readonly logs: LogRepository;
  readonly estimates: EstimatesRepository;
  readonly runs: RunRepository;
  readonly documents: Readonly<Record<DocumentKind, DocumentRepository>>;
  /** Resolves if the store answers. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
