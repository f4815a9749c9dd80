import { reasons, watched, type Call, type Clock, type Context, type Generate, type Watcher } from '@tutti/core';
import type { Done } from '@tutti/proto/tutti/agent/v1/chunk';
import type { Log } from '@tutti/runtime/log';

interface Options {
  readonly log: Pick<Log, 'info' | 'warn'>;
  readonly clock: Clock;
}

/** Logs how each call of a backend ended, under the request id that stands in the orchestrator's log as well. */
export function callsLogged(generate: Generate, { log, clock }: Options): Generate {
  const begin = ({ model }: Call, { requestId, ticket }: Context): Watcher => {
    const startedAt = clock.now();
    let ttftMs: number | undefined;
    let done: Done | undefined;
    return {
      see({ kind }) {
        if (kind.case === 'delta') ttftMs ??= Math.round(clock.now() - startedAt);
        if (kind.case === 'done') done = kind.value;
      },
      end(error) {
        const fields = {
          requestId,
          model,
          attempt: ticket.attempt,
          status: error?.reason ?? 'ok',
          durationMs: Math.round(clock.now() - startedAt),
          ttftMs,
          tokensIn: done?.usage?.promptTokens,
          tokensOut: done?.usage?.outputTokens,
          error: error?.cause ?? error?.message,
        };
        const ours = error !== undefined && reasons[error.reason].http >= 500;
        if (ours) log.warn('call ended', fields);
        else log.info('call ended', fields);
      },
    };
  };
  return watched(begin, generate);
}
