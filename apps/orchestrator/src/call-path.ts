import { permitted, watched, type Clock, type DocumentRepository, type Generate } from '@tutti/core';
import {
  cached,
  createAnswerCache,
  createAnswerShelf,
  createQuarantine,
  createRetryBudget,
  dispatched,
  everywhere,
  fallback,
  hedged,
  resumed,
  retried,
  tuned,
  type AnswerCache,
  type Cluster,
  type LearntSampling,
} from '@tutti/core/cluster';
import type { Config as Settings } from '@tutti/runtime/config';
import type { Log } from '@tutti/runtime/log';
import type { Tracing } from '@tutti/runtime/tracing';
import { answerHash } from './answer-hash.ts';
import { autoPulled } from './models/auto-pulled.ts';
import { modelVersion } from './models/model-version.ts';
import type { VirtualOllama } from './models/virtual-ollama.ts';
import type { RequestBook } from './observation/request-book.ts';
import { promptsLogged } from './records/prompt-log.ts';

/** The way of a call from whoever asks to a node. */
export interface CallPath {
  readonly generate: Generate;
  readonly cache: AnswerCache;
}

interface Options {
  readonly cluster: Cluster;
  readonly models: Pick<VirtualOllama, 'pull'>;
  readonly sampling: LearntSampling;
  /** Answers that may be given again. */
  readonly answers: DocumentRepository;
  readonly settings: Pick<Settings, 'current'>;
  readonly traced: Tracing['traced'];
  readonly watch: RequestBook['watch'];
  readonly random: () => number;
  readonly clock: Clock;
  readonly log: Log;
}

/** From the cluster outwards: each layer wraps the one above it. */
export function createCallPath(options: Options): CallPath {
  const { cluster, models, answers, settings, watch, clock, log } = options;
  const shelf = createAnswerShelf({ documents: answers, clock, ttlMs: () => settings.current.cache.ttlMs });
  const cache = createAnswerCache({ clock, settings: () => settings.current.cache, shelf });
  const isPulled = () => settings.current.server.autoPull;
  const isLogged = () => settings.current.logging.prompts;

  const steady = steadied(options);
  const repeated = cached({ cache, hash: answerHash, versionOf: (call) => modelVersion(cluster.facts, call) }, steady);
  const prompted = promptsLogged(repeated, { log, wanted: isLogged });
  const pulled = autoPulled(prompted, { cluster, models, enabled: isPulled, clock, log });
  return { generate: watched(watch, permitted(pulled)), cache };
}

/** Calls that the failure of a node does not end. */
function steadied({ cluster, sampling, settings, traced, random, clock }: Options): Generate {
  const budget = createRetryBudget({ clock });
  const quarantine = createQuarantine({ clock });
  const { enabled, ...hedging } = settings.current.hedging;

  const sent = dispatched(cluster, clock);
  const doubled = hedged(enabled ? { ...hedging, clock, cluster, retries: budget } : undefined, sent);
  const tried = retried({ clock, random, budget, quarantine }, doubled);
  const continued = resumed({ clock, budget }, tried);
  return traced('client', everywhere(cluster, fallback({ budget }, tuned(sampling, continued))));
}
