import { create } from '@bufbuild/protobuf';
import { ClusterError, done, linkedController, type Call, type Chunk, type Context, type Generate } from '@tutti/core';
import { createInbox } from '@tutti/core/cluster';
import type { Choices } from '@tutti/dialects/openai';
import {
  ChunkSchema,
  DeltaSchema,
  UsageSchema,
  type Delta,
  type Done,
  type Usage,
} from '@tutti/proto/tutti/agent/v1/chunk';

interface SeveralCalls {
  /** Tells whose each piece is, once it has come. */
  readonly choices: Choices;
  /** Runs all calls in place of the first. */
  readonly through: (generate: Generate) => Generate;
}

interface Arrival {
  readonly choice: number;
  /** Absent: the call has ended. */
  readonly chunk?: Chunk;
  readonly error?: unknown;
}

/**
 * Several calls that are answered as one: they run at the same time, their pieces come as they are made, and one end
 * with all tokens together comes last. If one fails, all end with its error.
 */
export function severalCalls(count: number, callOf: (first: Call, choice: number) => Call): SeveralCalls {
  const owners = new WeakMap<Delta, number>();
  const ends = new Map<number, Done>();
  const last = new WeakSet<Delta>();

  /** A piece without words, for whoever tells of each end as it comes. */
  const endOf = (choice: number): Chunk => {
    const value = create(DeltaSchema);
    owners.set(value, choice);
    last.add(value);
    return create(ChunkSchema, { kind: { case: 'delta', value } });
  };

  const through = (generate: Generate): Generate =>
    async function* (first, context) {
      const { controller, unlink } = linkedController(context.signal);
      const inbox = createInbox<Arrival>();
      const sources = Array.from({ length: count }, (_, choice) =>
        generate(callOf(first, choice), ownContext(context, controller.signal, choice))[Symbol.asyncIterator](),
      );
      const read = (choice: number): void => {
        sources[choice]!.next().then(
          ({ done: over, value }) => inbox.post(over ? { choice } : { choice, chunk: value }),
          (error: unknown) => inbox.post({ choice, error: error ?? new ClusterError('internal', 'internal error') }),
        );
      };
      try {
        for (let choice = 0; choice < count; choice += 1) read(choice);
        for (let running = count; running > 0;) {
          const { choice, chunk, error } = await inbox.take();
          if (error !== undefined) throw error;
          if (!chunk) {
            running -= 1;
            continue;
          }
          const { kind } = chunk;
          if (kind.case === 'delta') owners.set(kind.value, choice);
          if (kind.case === 'done') {
            ends.set(choice, kind.value);
            if (ends.size < count) yield endOf(choice);
          } else yield chunk;
          read(choice);
        }
        if (ends.size < count) throw new ClusterError('bad_upstream', 'The answer ended before it was complete.');
        yield done({ reason: ends.get(0)!.reason, usage: together([...ends.values()]) });
      } finally {
        controller.abort(new ClusterError('client_closed', 'Another answer to the same request failed.'));
        unlink();
        await Promise.allSettled(sources.map(async (source) => source.return?.()));
      }
    };

  return {
    choices: {
      count,
      of: (delta) => owners.get(delta) ?? 0,
      endsWith: (delta) => last.has(delta),
      reasonOf: (choice) => ends.get(choice)?.reason ?? 'stop',
    },
    through,
  };
}

/** Each call has a place in the queue of its own. */
function ownContext(context: Context, signal: AbortSignal, choice: number): Context {
  return choice === 0
    ? { ...context, signal }
    : { ...context, signal, choice, ticket: { ...context.ticket, place: {} } };
}

/** A count that one call cannot tell is unknown of all. */
function together(ends: readonly Done[]): Usage {
  const usages = ends.map(({ usage }) => usage);
  const sum = (of: (usage: Usage) => number | undefined): number | undefined =>
    usages.reduce<number | undefined>((total, usage) => {
      const tokens = usage && of(usage);
      return total === undefined || tokens === undefined ? undefined : total + tokens;
    }, 0);
  const counts = {
    promptTokens: sum((usage) => usage.promptTokens),
    cachedTokens: sum((usage) => usage.cachedTokens),
    outputTokens: sum((usage) => usage.outputTokens),
    thinkingTokens: sum((usage) => usage.thinkingTokens),
  };
  const known = Object.fromEntries(Object.entries(counts).filter(([, tokens]) => tokens !== undefined));
  return create(UsageSchema, { estimated: usages.some((usage) => usage?.estimated), ...known });
}
