import type { NodeState } from '@tutti/proto/tutti/agent/v1/state';

/** Sees that reports are those of one process, in the order in which it made them. */
export interface ReportOrder {
  /** A new stream begins: it may count from anywhere. */
  begin(): void;
  /** Why the report must not be used; undefined: it may. */
  refusal(report: Pick<NodeState, 'seq' | 'bootId'>): string | undefined;
}

/** For one registration; `bootId`: that of the process that has registered. */
export function createReportOrder(bootId: string): ReportOrder {
  let last = -1;
  return {
    begin() {
      last = -1;
    },
    refusal({ seq, bootId: reporter }) {
      if (reporter !== bootId) return 'A report of another process than the one that has registered was ignored.';
      if (!Number.isSafeInteger(seq)) return `A report with the number ${seq} was ignored.`;
      if (seq <= last) return `A report came twice or out of order and was ignored: number ${seq} after ${last}.`;
      last = seq;
      return undefined;
    },
  };
}
