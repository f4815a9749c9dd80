import {
  ClusterError,
  onAbort,
  textDelta,
  throwIfAborted,
  type Call,
  type Chunk,
  type Clock,
  type Context,
  type Random,
} from '@tutti/core';
import type { NodeState } from '@tutti/proto/tutti/agent/v1/state';
import {
  createMachine,
  createSimulatedNode,
  type Machine,
  type SimulatedNode,
  type SimulatedWork,
} from '@tutti/simulation';
import { chance, integer } from './draws.ts';
import type { Answer, Server } from './connection.ts';
import type { Record } from './recorder.ts';
import type { PlannedNode } from './scenario.ts';

/** How answers of a host go wrong. */
export type Ailment = 'fails-before' | 'fails-after' | 'garbage' | 'half-line' | 'busy' | 'stuck';

/** What a call does to whatever runs it. */
export interface Content {
  readonly work: SimulatedWork;
  readonly poison: 'none' | 'runner' | 'node';
  readonly content: number;
}

/** A machine with an agent that may die and come back as another process. */
export interface Host extends Server {
  readonly name: string;
  readonly machine: Machine;
  readonly isRunning: boolean;
  /** Id of the process that runs now. */
  readonly boot: string;
  start(): void;
  /** Somebody listens anew: the state is reported at once. */
  greet(): void;
  kill(by: 'fault' | 'prompt', content: number): void;
  /** The model server dies and is back at once. */
  crash(by: 'fault' | 'prompt', content: number): void;
  ail(ailment: Ailment, on: boolean): void;
  drain(on: boolean): void;
}

interface Options extends PlannedNode {
  readonly clock: Clock;
  readonly random: Random;
  readonly record: Record;
  readonly contentOf: (call: Call, context: Context) => Content;
  readonly report: (state: NodeState) => void;
  readonly onDeath: () => void;
}

/** Part of the answers that an ailment spoils. */
const spoilt = 0.5;
/** Poison works when the prompt is being read. */
const poisonAfterMs = 200;

export function createHost(options: Options): Host {
  const { name, profile, models, clock, random, record, contentOf, report, onDeath } = options;
  const machine = createMachine(profile, models, clock);
  const ailments = new Set<Ailment>();
  const mendings = new Set<() => void>();
  let agent: SimulatedNode | undefined;
  let stopWatching = (): void => {};
  let boots = 0;
  let draining = false;
  const bootId = (): string => `${name}.${boots}`;

  const start = (): void => {
    boots += 1;
    draining = false;
    agent = createSimulatedNode({
      ...{ name, machine, profile, models, clock, random, hardware: { hostname: name }, bootId: bootId() },
      work: (call, context) => contentOf(call, context).work,
    });
  };

  const greet = (): void => {
    stopWatching();
    if (agent) stopWatching = agent.watch((state) => report({ ...state, draining }));
  };

  const kill = (by: 'fault' | 'prompt', content: number): void => {
    if (!agent) return;
    record.add({ kind: 'killed', node: name, by, content });
    agent = undefined;
    stopWatching();
    stopWatching = () => {};
    // The machine's calls must not answer any more.
    onDeath();
    machine.crash();
  };

  const crash = (by: 'fault' | 'prompt', content: number): void => {
    record.add({ kind: 'killed', node: name, by, content });
    machine.crash();
  };

  const poison = (how: 'runner' | 'node', content: number, boot: string): void => {
    if (boot !== bootId()) return;
    if (how === 'node') kill('prompt', content);
    else crash('prompt', content);
  };

  /** What really comes of a call, ailments included. Throws what the agent would. */
  async function* run(call: Call, context: Context, boot: string, attempt: number): AsyncGenerator<Chunk> {
    if (boot !== bootId() || !agent) throw new ClusterError('stale_epoch', `${name} has restarted.`);
    if (draining) throw new ClusterError('draining', `${name} is being drained.`);
    const { poison: how, content } = contentOf(call, context);
    const ailment = [...ailments].find(() => chance(random, spoilt));
    const breaksAfter = ailment === 'fails-before' || ailment === 'busy' ? 0 : integer(random, 0, 6);
    let pieces = 0;
    for await (const chunk of agent.generate(call, context)) {
      if (chunk.kind.case === 'progress') {
        yield chunk;
        if (chunk.kind.value.kind.case === 'accepted') {
          if (ailment === 'busy') throw new ClusterError('overloaded', 'server busy, please try again');
        } else if (chunk.kind.value.kind.case === 'started' && how !== 'none') {
          clock.after(poisonAfterMs, () => poison(how, content, boot));
        }
        continue;
      }
      if (ailment && pieces >= breaksAfter) {
        if (ailment === 'half-line') return;
        if (ailment === 'stuck') await stuck(context.signal);
        const reason = ailment === 'garbage' ? 'bad_upstream' : 'upstream_error';
        throw new ClusterError(reason, `The backend of ${name} failed.`);
      }
      yield chunk.kind.case === 'delta' ? marked(chunk, name, attempt, pieces) : chunk;
      pieces += 1;
    }
  }

  /** Nothing comes any more, until somebody mends it. */
  const stuck = async (signal: AbortSignal): Promise<void> => {
    if (!ailments.has('stuck')) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    mendings.add(resolve);
    const forget = onAbort(signal, resolve);
    await promise;
    forget();
    mendings.delete(resolve);
    throwIfAborted(signal);
  };

  const answerTo = async (call: Call, context: Context, boot: string, answer: Answer): Promise<void> => {
    const attempt = record.nextNumber();
    let pieces = 0;
    let complete = false;
    record.add({ kind: 'entered', attempt, request: context.requestId, node: name, model: call.model });
    try {
      for await (const chunk of run(call, context, boot, attempt)) {
        answer.chunk(chunk);
        if (chunk.kind.case === 'delta') pieces += 1;
        if (chunk.kind.case === 'done') complete = true;
      }
      answer.end();
    } catch (thrown) {
      answer.end(ClusterError.from(thrown));
    } finally {
      record.add({ kind: 'worked', attempt, pieces, complete });
    }
  };

  return {
    name,
    machine,
    get isRunning() {
      return agent !== undefined;
    },
    get boot() {
      return bootId();
    },
    start,
    greet,
    kill,
    crash,
    serve: (call, context, boot, answer) => void answerTo(call, context, boot, answer),
    ail(ailment, on) {
      if (on) ailments.add(ailment);
      else ailments.delete(ailment);
      if (ailment === 'stuck' && !on) for (const mend of mendings) mend();
    },
    drain(on) {
      draining = on;
    },
  };
}

/** The same piece, with a text that tells where it comes from. */
function marked(chunk: Chunk, node: string, attempt: number, index: number): Chunk {
  if (chunk.kind.case !== 'delta' || chunk.kind.value.embeddings.length > 0) return chunk;
  return textDelta(`${node}/${attempt}/${index} `);
}
