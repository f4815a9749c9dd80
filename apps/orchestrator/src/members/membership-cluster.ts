import type { Breakers, Cluster, LearntEstimates } from '@tutti/core/cluster';

/** What membership needs of the cluster. */
export interface MembershipCluster extends Pick<
  Cluster,
  'report' | 'describe' | 'suspend' | 'remove' | 'cordon' | 'nodes'
> {
  readonly breakers: Pick<Breakers, 'view' | 'reset'>;
  readonly estimates: Pick<LearntEstimates, 'measured'>;
}
