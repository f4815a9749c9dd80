import { ClusterError } from '../error.ts';
import type { Call, Chunk, Context, Generate } from '../generate.ts';
import { linkedController } from '../signal.ts';

/** One of two attempts at the same call that run at the same time. */
export interface Contestant {
  /** What it has told so far, without the answer. */
  readonly told: Chunk[];
  /** Reads one chunk; what comes of it goes to the inbox. */
  read(): void;
  /** Reads on, past the inbox. */
  rest(): AsyncIterable<Chunk>;
  /** Ends it, if it has not ended; resolves when its slot is free. */
  stop(): Promise<void>;
}

/** What came of a read: a chunk, the end, or an error. */
export interface Arrival {
  readonly from: Contestant;
  readonly chunk?: Chunk;
  readonly error?: ClusterError;
}

export function createContestant(
  next: Generate,
  call: Call,
  context: Context,
  post: (arrival: Arrival) => void,
): Contestant {
  const { controller, unlink } = linkedController(context.signal);
  const chunks = next(call, { ...context, signal: controller.signal })[Symbol.asyncIterator]();

  const self: Contestant = {
    told: [],
    read() {
      chunks.next().then(
        ({ done, value }) => post(done ? { from: self } : { from: self, chunk: value }),
        (thrown: unknown) => post({ from: self, error: ClusterError.from(thrown) }),
      );
    },
    rest: () => ({ [Symbol.asyncIterator]: () => chunks }),
    async stop() {
      controller.abort(new ClusterError('client_closed', 'Another node was faster.'));
      unlink();
      await chunks.return?.().catch(() => {});
    },
  };
  return self;
}
