import { reasons } from '@tutti/core';
import type { Log } from '@tutti/runtime/log';
import type { RequestRecord } from './request-record.ts';

/** Logs each request once it is over: what it was and how it went, never what it said. */
export function logRequest(log: Pick<Log, 'info' | 'warn'>): (record: RequestRecord) => void {
  return (record) => {
    const { arrivedAt, endedAt = arrivedAt, error } = record;
    const fields = {
      requestId: record.id,
      model: record.model,
      node: record.node,
      surface: record.surface,
      keyId: record.principal,
      status: error ?? record.state,
      attempts: record.attempts,
      durationMs: Math.round(endedAt - arrivedAt),
      queueMs: rounded(record.queueMs),
      ttftMs: rounded(record.firstTokenMs),
      tokensIn: record.promptTokens,
      tokensOut: record.outputTokens,
    };
    const ours = error !== undefined && reasons[error].http >= 500;
    if (ours) log.warn('request ended', fields);
    else log.info('request ended', fields);
  };
}

function rounded(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms);
}
