import type { Queued } from '@tutti/proto/tutti/agent/v1/chunk';

/** A comment of server-sent events, which keeps the connection open and tells people where their call stands. */
export function queueComment(queued: Queued | undefined): string {
  if (!queued) return ': working\n\n';
  const { position, etaMs } = queued;
  const eta = etaMs === undefined ? '' : ` eta=${Math.ceil(etaMs / 1_000)}s`;
  return `: queued position=${position + 1}${eta}\n\n`;
}
