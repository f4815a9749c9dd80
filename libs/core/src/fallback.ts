import { progress } from './chunk.ts';
import { ClusterError } from './error.ts';
import type { RetryBudget } from './failure/retry-budget.ts';
import type { Call, Context, Generate } from './generate.ts';
import { canonicalModel } from './model-name.ts';
import { mayUseModel } from './permitted.ts';

interface Options {
  /** Another model costs a retry, unless no node could be asked. */
  readonly budget: RetryBudget;
}

/**
 * Asks the models of `context.fallback`, in order, when the one before cannot answer and nothing of an answer has gone
 * out. Those that the principal may not use are passed over. Privacy, node and tier bind all of them.
 */
export function fallback({ budget }: Options, next: Generate): Generate {
  const withOthers: Generate = async function* (call, context) {
    const candidates = candidatesFor(call, context);
    let { ticket } = context;
    for (const [index, candidate] of candidates.entries()) {
      let begun = false;
      let attempt = 0;
      try {
        for await (const chunk of next(candidate, { ...context, ticket })) {
          const { kind } = chunk;
          if (kind.case !== 'progress') begun = true;
          else if (kind.value.kind.case === 'dispatched') ({ attempt } = kind.value.kind.value);
          yield chunk;
        }
        return;
      } catch (thrown) {
        const error = ClusterError.from(thrown);
        const isLast = index === candidates.length - 1;
        if (isLast || begun || context.signal.aborted || !mayMend(error)) throw error;
        if (attempt > 0 && !budget.withdraw()) throw error;
        yield progress({ case: 'retrying', value: { reason: error.reason, attempt } });
        // What failed one model may well run another.
        ticket = { ...context.ticket, attempt: Math.max(ticket.attempt, attempt + 1) };
      }
    }
  };
  return (call, context) => (context.fallback?.length ? withOthers : next)(call, context);
}

/** The call itself, then the same for each other model. */
function candidatesFor(call: Call, { fallback = [], principal }: Context): Call[] {
  const asked = canonicalModel(call.model);
  const others = new Set(fallback.filter((model) => mayUseModel(principal, model)).map(canonicalModel));
  others.delete(asked);
  return [call, ...[...others].map((model) => ({ ...call, model, digest: '' }))];
}

function mayMend({ reason, retry }: ClusterError): boolean {
  return retry === 'elsewhere' || reason === 'no_healthy_node';
}
