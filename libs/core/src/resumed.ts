import { create } from '@bufbuild/protobuf';
import { DoneSchema, type Dispatched } from '@tutti/proto/tutti/agent/v1/chunk';
import { delta, done, progress, textDelta } from './chunk.ts';
import { ClusterError } from './error.ts';
import { createAnswerSoFar } from './failure/answer-so-far.ts';
import { continuation, mayContinue } from './failure/continuation.ts';
import type { RetryBudget } from './failure/retry-budget.ts';
import { createSeam } from './failure/seam.ts';
import type { Generate } from './generate.ts';
import type { Clock } from './ports.ts';
import { ticketWithout } from './ticket.ts';

interface Options {
  readonly clock: Clock;
  /** Going on costs a retry. */
  readonly budget: RetryBudget;
}

const mostResumptions = 2;

/**
 * Goes on elsewhere where an answer breaks off, if `context.resume` allows it: another node gets the text so far and
 * brings the rest. Only for plain text. The last chunk says where nodes changed ("tutti_resumed").
 */
export function resumed({ clock, budget }: Options, next: Generate): Generate {
  const resuming: Generate = async function* (call, context) {
    const answer = createAnswerSoFar(clock);
    let part = call;
    let { ticket } = context;
    let brokenBy: ClusterError | undefined;
    for (let resumptions = 0; ; resumptions++) {
      const seam = createSeam(answer.text);
      let at: Dispatched | undefined;
      let begun = false;
      try {
        for await (const chunk of next(part, { ...context, ticket })) {
          const { kind } = chunk;
          if (kind.case === 'delta') {
            begun = true;
            const fresh = { ...kind.value, text: seam.push(kind.value.text) };
            answer.add(fresh);
            if (fresh.text !== '' || kind.value.text === '') yield delta(fresh);
          } else if (kind.case === 'done') {
            // What fails after this leaves nothing to go on with.
            begun = false;
            const rest = seam.flush();
            if (rest !== '') yield textDelta(rest);
            yield done(answer.whole(kind.value));
          } else {
            if (kind.value?.kind.case === 'dispatched') at = kind.value.kind.value;
            yield chunk;
          }
        }
        return;
      } catch (thrown) {
        const error = ClusterError.from(thrown);
        // Nobody is left to go on: why it broke off tells more than that.
        if (!at && brokenBy && !context.signal.aborted) throw brokenBy;
        if (!at || !begun || !answer.plain || answer.text === '' || resumptions === mostResumptions) throw error;
        if (context.signal.aborted || error.retry !== 'elsewhere' || !budget.withdraw()) throw error;
        brokenBy = error;
      }
      const { node, attempt } = at;
      answer.broken(node);
      const rest = continuation(call, answer.text, answer.tokens);
      if (!rest) {
        yield done(answer.whole(create(DoneSchema, { reason: 'length' })));
        return;
      }
      part = rest;
      ticket = ticketWithout({ ...ticket, attempt }, node);
      yield progress({ case: 'retrying', value: { reason: 'resumed', attempt } });
    }
  };
  return (call, context) => (context.resume && mayContinue(call) ? resuming : next)(call, context);
}
