import type { MessageInitShape } from '@bufbuild/protobuf';
import { otherwise } from '@tutti/core/cluster';
import type {
  CandidateSchema,
  ChoiceSchema,
  ExplainRequestResponseSchema,
  RequestOutcomeSchema,
} from '@tutti/proto/tutti/v1/performance';
import { int32 } from '../members/int32.ts';
import type { KeptOption } from '../observation/kept-options.ts';
import { durationMs, type RequestRecord } from '../observation/request-record.ts';
import type { Choice, Story } from '../observation/why-book.ts';

/** A request's story as the API tells it, at `now` on the clock. */
export function explanation(
  { record, demand, choices }: Story,
  now: number,
): MessageInitShape<typeof ExplainRequestResponseSchema> {
  const outcome = outcomeOf(record, now);
  return {
    requestId: record.id,
    model: record.model,
    arrivedAt: new Date(record.arrivedWallTime).toISOString(),
    promptTokens: rounded(demand?.promptTokens ?? 0),
    expectedOutputTokens: rounded(demand?.expectedOutputTokens ?? 0),
    choices: choices.map(choiceOf),
    ...(outcome && { outcome }),
  };
}

function choiceOf(choice: Choice): MessageInitShape<typeof ChoiceSchema> {
  const { attempt, node, policy, reason, afterMs, options, exclusions } = choice;
  const chosen = options.find((option) => option.node === node);
  return {
    ...{ attempt, node, policy, reason, afterMs },
    candidates: options.map(candidateOf),
    excluded: exclusions.map(({ node, reason }) => ({ node, reason })),
    otherwise: chosen ? otherwise(chosen, options, exclusions) : '',
  };
}

function candidateOf(option: KeptOption): MessageInitShape<typeof CandidateSchema> {
  const { node, kind, parts, totalMs, numCtx, evict, cachedTokens, startable } = option;
  return {
    ...{ node, kind, totalMs, startable, ...parts },
    cachedTokens: rounded(cachedTokens),
    evict: [...evict],
    ...(numCtx !== undefined && { numCtx: rounded(numCtx) }),
  };
}

/** Undefined while it runs. */
function outcomeOf(record: RequestRecord, now: number): MessageInitShape<typeof RequestOutcomeSchema> | undefined {
  const { state, error, attempts, queueMs, firstTokenMs, loadMs } = record;
  if (state === 'queued' || state === 'running') return undefined;
  const promptTokens = int32(record.promptTokens);
  const cachedTokens = int32(record.cachedTokens);
  const outputTokens = int32(record.outputTokens);
  const totalMs = durationMs(record, now);
  return {
    status: state === 'cancelled' ? 'client_closed' : (error ?? 'ok'),
    node: state === 'ok' || firstTokenMs !== undefined ? record.node : '',
    ...{ attempts, totalMs, queueMs: queueMs ?? totalMs },
    ...(firstTokenMs !== undefined && { firstTokenMs }),
    ...(loadMs !== undefined && { loadMs }),
    ...(promptTokens !== undefined && { promptTokens }),
    ...(cachedTokens !== undefined && { cachedTokens }),
    ...(outputTokens !== undefined && { outputTokens }),
  };
}

function rounded(tokens: number): number {
  return int32(Math.round(tokens)) ?? 0;
}
