import { ClusterError } from '../error.ts';

export function missingRun(id: string): ClusterError {
  return new ClusterError('not_found', `There is no run "${id}".`, { param: 'id' });
}

/** The refusal of a page that goes on after a run that is not there. */
export function missingPage(): ClusterError {
  return new ClusterError(
    'invalid_request',
    'The page token names no run, or one that is gone. Start again without it.',
  );
}
