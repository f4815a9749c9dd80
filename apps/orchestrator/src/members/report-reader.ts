import { ClusterError } from '@tutti/core';
import type { NodeState } from '@tutti/proto/tutti/agent/v1/state';
import type { Log } from '@tutti/runtime/log';
import { checkedState } from './checked-state.ts';
import { createReportOrder } from './report-order.ts';

/** Reads a node's reports: refuses those of no use, checks the others, and keeps in mind what was wrong. */
export interface ReportReader {
  /** A new stream begins. */
  begin(): void;
  /** The report as it can be; undefined: it is of no use. Throws `bad_upstream` when several in a row are not. */
  read(report: NodeState): NodeState | undefined;
  /** Something else of the node was refused. */
  refuse(sentence: string): void;
  /** The last report that was of use. */
  readonly latest: NodeState | undefined;
  /** What was refused last, and what was wrong with the last report. */
  readonly warnings: readonly string[];
}

interface Options {
  readonly node: string;
  /** That of the process that has registered. */
  readonly bootId: string;
  readonly log: Log;
}

/** After so many reports in a row that are of no use, the stream is better begun anew. */
const mostRefused = 3;

export function createReportReader({ node, bootId, log }: Options): ReportReader {
  const order = createReportOrder(bootId);
  let latest: NodeState | undefined;
  let found: readonly string[] = [];
  let refused = '';
  let refusedInRow = 0;

  const refuse = (sentence: string): void => {
    if (refused === '') log.warn('ignored', { node, reason: sentence });
    refused = sentence;
  };

  return {
    begin() {
      order.begin();
      refusedInRow = 0;
    },
    read(report) {
      const refusal = order.refusal(report);
      if (refusal !== undefined) {
        refuse(refusal);
        refusedInRow += 1;
        if (refusedInRow >= mostRefused) throw new ClusterError('bad_upstream', refusal);
        return undefined;
      }
      refusedInRow = 0;
      const { state, warnings } = checkedState(report, latest);
      // Only once: a node may report something else each time.
      if (found.length === 0 && warnings.length > 0) log.warn('the node reports what cannot be', { node, warnings });
      found = warnings;
      latest = state;
      return state;
    },
    refuse,
    get latest() {
      return latest;
    },
    get warnings() {
      return refused === '' ? found : [refused, ...found];
    },
  };
}
