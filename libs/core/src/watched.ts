import { ClusterError } from './error.ts';
import type { Call, Chunk, Context, Generate } from './generate.ts';
import { abortError } from './signal.ts';
import { tapped } from './streams/tapped.ts';

/** Somebody who wants to know how one call goes. It must not throw. */
export interface Watcher {
  see(chunk: Chunk): void;
  /** Called once: the answer is complete, has failed, or its reader has left (`client_closed`). */
  end(error?: ClusterError): void;
}

/** Shows each call to a watcher of its own. */
export function watched(begin: (call: Call, context: Context) => Watcher, next: Generate): Generate {
  return (call, context) =>
    tapped(() => {
      const watcher = begin(call, context);
      let complete = false;
      const end = (thrown?: unknown): void => {
        // What happens after the last chunk no longer matters to whoever asked.
        if (complete) watcher.end();
        else watcher.end(thrown === undefined ? abortError(context.signal) : ClusterError.from(thrown));
      };
      return {
        items: next(call, context),
        see(chunk) {
          complete ||= chunk.kind.case === 'done';
          watcher.see(chunk);
        },
        end,
        leave: end,
      };
    });
}
