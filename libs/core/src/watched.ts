import { ClusterError } from './error.ts';
import type { Call, Chunk, Context, Generate } from './generate.ts';
import { abortError } from './signal.ts';

/** Somebody who wants to know how one call goes. It must not throw. */
export interface Watcher {
  see(chunk: Chunk): void;
  /** Called once: the answer is complete, has failed, or its reader has left (`client_closed`). */
  end(error?: ClusterError): void;
}

/** Shows each call to a watcher of its own. */
export function watched(begin: (call: Call, context: Context) => Watcher, next: Generate): Generate {
  return async function* (call, context) {
    const watcher = begin(call, context);
    let complete = false;
    let error: ClusterError | undefined;
    try {
      for await (const chunk of next(call, context)) {
        complete ||= chunk.kind.case === 'done';
        watcher.see(chunk);
        yield chunk;
      }
    } catch (thrown) {
      error = ClusterError.from(thrown);
      throw thrown;
    } finally {
      // What happens after the last chunk no longer matters to whoever asked.
      watcher.end(complete ? undefined : (error ?? abortError(context.signal)));
    }
  };
}
