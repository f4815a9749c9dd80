import { ClusterError, type Clock } from '@tutti/core';
import type { Extra } from '@tutti/dialects/ollama';
import { joinDeltas, responseStream, type ResponseFacts } from '@tutti/dialects/openai-responses';
import type { Done } from '@tutti/proto/tutti/agent/v1/chunk';
import { eventStream } from '../http/content-types.ts';
import { newId } from '../answer/new-id.ts';
import { openedBy } from '../answer/opened-by.ts';
import { queueComment } from '../answer/queue-comment.ts';
import type { Rendering } from '../answer/rendering.ts';

interface Options extends Pick<ResponseFacts, 'id' | 'model' | 'shape'> {
  /** Keeps the whole response and its items. Absent: it is not to be kept. */
  readonly keep?: (response: string, output: readonly string[]) => Promise<void>;
  /** Whether a response that cannot be kept is an error, and not one that says so. */
  readonly mustKeep: boolean;
  readonly clock: Clock;
}

/** How a response is written. It is kept before a client sees its end, so that whoever has seen it can go on from it. */
export function responseRendering({ keep, mustKeep, clock, ...asked }: Options): Rendering {
  const seconds = (): number => Math.floor(clock.wallTime() / 1_000);
  const events = responseStream({ ...asked, createdAt: seconds(), toolCallId: () => newId('call') });
  const opened = openedBy(() => events.start(keep !== undefined));
  let unsent = '';

  const ended = async (done: Done, extra: Extra): Promise<string> => {
    const end = { completedAt: seconds(), extra };
    const whole = events.whole(done, { ...end, stored: keep !== undefined });
    try {
      await keep?.(whole, events.output);
      return whole;
    } catch (thrown) {
      if (mustKeep) throw thrown;
      const { reason } = ClusterError.from(thrown);
      if (reason !== 'storage_unavailable' && reason !== 'too_large') throw thrown;
      return events.whole(done, { ...end, stored: false });
    }
  };

  return {
    contentType: eventStream,
    // What comes first counts first.
    delta: (delta) => opened('') + events.delta(delta),
    async done(done, extra) {
      unsent = opened('') + events.finish(done);
      return unsent + events.end(done, await ended(done, extra));
    },
    whole(deltas, done, extra) {
      events.delta(joinDeltas(deltas));
      events.finish(done);
      return ended(done, extra);
    },
    failed: (error) => unsent + events.failed(error),
    waiting: queueComment,
  };
}
