import { createMachine, createTimeline, seededRandom, type Fleet, type FleetCall } from '@tutti/simulation';
import type { Contender, Player, World } from './contender.ts';
import { conditioned } from './faults/condition.ts';

/** What became of a call. Times are those of the world; undefined: it did not come to that. */
export interface Outcome {
  readonly call: FleetCall;
  end: 'ended' | 'refused' | 'failed' | 'unfinished';
  startedAtMs?: number;
  firstTokenAtMs?: number;
  endedAtMs?: number;
  cachedTokens: number;
  truncated: boolean;
  /** Whether another model answered than was asked. */
  otherModel: boolean;
}

/** One contender's half hour. */
export interface Run {
  readonly outcomes: readonly Outcome[];
  /** When nobody looked any longer. */
  readonly closedAtMs: number;
  readonly loads: number;
  readonly reloads: number;
  readonly evictions: number;
}

/** Who has no answer so long after the last call came counts as waiting until then. */
const graceMs = 15 * 60_000;
/** It is looked so often whether all have one. */
const stepMs = 10_000;

/** `prepare` gets the world before anything happens in it. */
export async function run(
  contender: Contender,
  fleet: Fleet,
  calls: readonly FleetCall[],
  durationMs: number,
  prepare: (world: World) => void = () => {},
): Promise<Run> {
  const world = createWorld(fleet);
  prepare(world);
  const { timeline } = world;
  const player = contender.start(world);
  const outcomes = calls.map((call) => newOutcome(call));
  for (const outcome of outcomes) timeline.after(outcome.call.atMs, () => follow(world, player, outcome));
  const closedAtMs = durationMs + graceMs;
  // Machines and reports go on for ever: there is no need to watch them after the last answer.
  for (let atMs = durationMs; atMs <= closedAtMs && outcomes.some(({ end }) => end === 'unfinished'); atMs += stepMs) {
    await timeline.run(atMs);
  }
  const total = (read: (machine: World['nodes'][number]['machine']) => number): number =>
    world.nodes.reduce((sum, { machine }) => sum + read(machine), 0);
  return {
    outcomes,
    closedAtMs,
    loads: total((machine) => machine.loads),
    reloads: total((machine) => machine.reloads),
    evictions: total((machine) => machine.evictions) + (player.evictions?.() ?? 0),
  };
}

function createWorld(fleet: Fleet): World {
  // Promise chains of any depth have run when a turn of the loop is over.
  const timeline = createTimeline({ settle: () => new Promise((resolve) => setImmediate(resolve)) });
  return {
    timeline,
    fleet,
    nodes: fleet.nodes.map((node) => ({
      ...node,
      ...conditioned(createMachine(node.profile, node.models, timeline), timeline),
    })),
    random: seededRandom(fleet.seed),
  };
}

function newOutcome(call: FleetCall): Outcome {
  return { call, end: 'unfinished', cachedTokens: 0, truncated: false, otherModel: false };
}

function follow({ timeline }: World, player: Player, outcome: Outcome): void {
  player.send(outcome.call, {
    started() {
      outcome.startedAtMs ??= timeline.now();
    },
    firstToken(cachedTokens) {
      if (outcome.firstTokenAtMs !== undefined) return;
      outcome.firstTokenAtMs = timeline.now();
      outcome.cachedTokens = cachedTokens;
    },
    ended({ model, truncated }) {
      outcome.end = 'ended';
      outcome.endedAtMs = timeline.now();
      outcome.firstTokenAtMs ??= timeline.now();
      outcome.truncated = truncated;
      outcome.otherModel = model !== outcome.call.model;
    },
    failed(how) {
      outcome.end = how;
      outcome.endedAtMs = timeline.now();
    },
  });
}
