import type { Progress } from '@tutti/proto/tutti/agent/v1/chunk';
import { eventStream } from '../http/content-types.ts';
import type { Rendering } from '../answer/rendering.ts';

/** A rendering of lines as server-sent events, which tell besides what the call waits for. */
export function chatEvents(lines: Rendering): Rendering {
  return {
    contentType: eventStream,
    delta: (delta) => `data: ${lines.delta(delta)}\n`,
    done: async (done, extra) => `data: ${await lines.done(done, extra)}\n`,
    whole: lines.whole,
    failed: (error) => `event: error\ndata: ${lines.failed(error)}\n`,
    progress(progress) {
      const shown = stageOf(progress);
      return shown ? `event: progress\ndata: ${JSON.stringify(shown)}\n\n` : '';
    },
  };
}

/** What a person who waits wants to know; undefined: nothing new. */
function stageOf({ kind }: Progress): object | undefined {
  switch (kind.case) {
    case 'queued':
      return {
        stage: 'queued',
        position: kind.value.position,
        ...(kind.value.etaMs !== undefined && { etaMs: kind.value.etaMs }),
      };
    case 'dispatched':
      return { stage: 'dispatched', node: kind.value.node, reason: kind.value.reason, attempt: kind.value.attempt };
    case 'loading':
      return {
        stage: 'loading',
        elapsedMs: kind.value.elapsedMs,
        ...(kind.value.fraction !== undefined && { fraction: kind.value.fraction }),
      };
    case 'retrying':
      return { stage: 'retrying', reason: kind.value.reason, attempt: kind.value.attempt };
    default:
      return undefined;
  }
}
