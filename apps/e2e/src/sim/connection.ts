import {
  abortError,
  ClusterError,
  onAbort,
  type Call,
  type Chunk,
  type Clock,
  type Context,
  type Generate,
} from '@tutti/core';
import { createChunkPipe } from '@tutti/simulation';
import type { NodeState } from '@tutti/proto/tutti/agent/v1/state';
import type { Record } from './recorder.ts';
import type { Wire } from './wire.ts';

/** Where calls of a connection end up. */
export interface Server {
  /** Runs a call; `boot`: the process that is meant. Never rejects. */
  serve(call: Call, context: Context, boot: string, answer: Answer): void;
}

export interface Answer {
  chunk(chunk: Chunk): void;
  /** With nothing: the answer has ended, complete or not. */
  end(error?: ClusterError): void;
}

/** What an orchestrator has of an agent: a way to run calls there. Reports come over it, too. */
export interface Connection {
  /** For the process of that boot id. */
  generate(boot: string): Generate;
  report(state: NodeState): void;
  /** Whether there is one at all. */
  readonly isUp: boolean;
  /** The other side can be reached, or not: after a while without a sign of it, all that is under way has failed. */
  reachable(on: boolean): void;
  /** The other side's process is gone, or given up. */
  break(): void;
}

interface Options {
  readonly name: string;
  readonly clock: Clock;
  readonly record: Record;
  readonly down: Wire;
  readonly up: Wire;
  readonly server: Server;
  readonly onUp: () => void;
  readonly onBroken: () => void;
  readonly onReport: (state: NodeState) => void;
}

/** A ping after so long, and so long for its answer. */
const keepAliveMs = 10_000 + 5_000;
const redialMs = 500;

export function createConnection(options: Options): Connection {
  const { name, clock, record, down, up, server, onUp, onBroken, onReport } = options;
  const exchanges = new Set<() => void>();
  /** What runs on the other side. */
  const remotes = new Set<AbortController>();
  let isUp = false;
  let isReachable = false;
  let stopTimer = (): void => {};

  const breakOff = (): void => {
    stopTimer();
    down.reset();
    up.reset();
    if (isUp) {
      isUp = false;
      for (const fail of [...exchanges]) fail();
      for (const remote of remotes) remote.abort();
      remotes.clear();
      onBroken();
    }
    if (isReachable) redial();
  };

  const redial = (): void => {
    stopTimer();
    stopTimer = clock.after(redialMs, () => {
      isUp = true;
      onUp();
    });
  };

  async function* exchange(call: Call, context: Context, boot: string): AsyncGenerator<Chunk> {
    if (!isUp) throw new ClusterError('node_unreachable', `There is no connection to ${name}.`);
    const pipe = createChunkPipe();
    const remote = new AbortController();
    const fail = (): void => pipe.end(new ClusterError('node_unreachable', `The connection to ${name} broke.`));
    exchanges.add(fail);
    const answer: Answer = {
      chunk: (chunk) => up.send(() => pipe.push(chunk)),
      end(error) {
        remotes.delete(remote);
        up.send(() => pipe.end(error));
      },
    };
    down.send(() => {
      remotes.add(remote);
      server.serve(call, { ...context, signal: remote.signal }, boot, answer);
    });
    const forget = onAbort(context.signal, () => pipe.end(abortError(context.signal)));
    try {
      yield* pipe;
    } finally {
      forget();
      exchanges.delete(fail);
      down.send(() => remote.abort());
    }
  }

  return {
    generate: (boot) =>
      async function* (call, context) {
        const send = record.nextNumber();
        const embeds = call.kind.case === 'embed';
        record.add({ kind: 'sent', send, request: context.requestId, node: name, boot, model: call.model, embeds });
        let answering = false;
        let reason = '';
        try {
          for await (const chunk of exchange(call, context, boot)) {
            if (chunk.kind.case !== 'progress' && !answering) record.add({ kind: 'answering', send });
            if (chunk.kind.case !== 'progress') answering = true;
            else if (chunk.kind.value.kind.case === 'accepted') record.add({ kind: 'accepted', send });
            yield chunk;
          }
        } catch (thrown) {
          ({ reason } = ClusterError.from(thrown));
          throw thrown;
        } finally {
          record.add({ kind: 'returned', send, reason });
        }
      },
    report(state) {
      if (isUp) up.send(() => onReport(state));
    },
    get isUp() {
      return isUp;
    },
    reachable(on) {
      if (on === isReachable) return;
      isReachable = on;
      stopTimer();
      if (on && !isUp) redial();
      if (!on && isUp) stopTimer = clock.after(keepAliveMs, breakOff);
    },
    break: breakOff,
  };
}
