import type { Clock, Store } from '@tutti/core';
import { createEstimates, createLearntSampling, type LearntEstimates, type LearntSampling } from '@tutti/core/cluster';
import type { Shutdown } from '@tutti/runtime';
import type { Log } from '@tutti/runtime/log';
import { learntDocuments } from './learnt-documents.ts';
import { keepLearnt } from './learnt.ts';

/** What is learnt of nodes and models from the calls that they run. */
export interface Learnt {
  readonly estimates: LearntEstimates;
  readonly sampling: LearntSampling;
}

interface Options {
  readonly store: Pick<Store, 'estimates' | 'documents'>;
  readonly random: () => number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Both are kept in the store. */
export function openLearnt({ store, random, clock, log }: Options, shutdown: Shutdown): Learnt {
  const estimates = createEstimates();
  const keptEstimates = keepLearnt({ estimates, repository: store.estimates, clock, log });
  shutdown.add('learnt', () => keptEstimates.close());
  const sampling = createLearntSampling(random);
  const repository = learntDocuments(store.documents.parameters, clock);
  const keptSampling = keepLearnt({ estimates: sampling, repository, clock, log });
  shutdown.add('learnt parameters', () => keptSampling.close());
  return { estimates, sampling };
}
