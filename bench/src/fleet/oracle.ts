import { canRun, defaultNumCtx, type FleetCall, type MachineModel } from '@tutti/simulation';
import { able, machineCall, told } from './at-arrival.ts';
import type { CallListener, Contender, World, WorldNode } from './contender.ts';
import { endsAtMs, forecast, load, type Forecast, type Placed } from './forecast.ts';

/**
 * Marks to measure by: a client that sees all of every machine and knows how long each answer will be. It binds each
 * call when it comes, to where it will end first; to evict another model counts as three loads of it.
 */
export const oracle = createOracle('oracle', { raises: true });

/** The same, asking for the context that its client asked for: a larger runner does not do. */
export const oracleAsAsked = createOracle('oracle-as-asked', { raises: false });

interface Skill {
  /** Whether it asks for more context than its client did: for that of a larger runner, and for what the prompt needs. */
  readonly raises: boolean;
}

interface Choice {
  readonly node: WorldNode;
  readonly numCtx: number;
  readonly cost: number;
}

/** What it remembers of a node. */
interface Memory {
  /** Calls there that have not ended, in order of sending. */
  readonly placed: Set<Placed>;
  /** The last prompts of each model, as many as it has slots. */
  readonly prompts: Map<string, readonly FleetCall['prefix'][]>;
}

const evictionCharge = 3;

function createOracle(name: string, { raises }: Skill): Contender {
  return {
    name,
    start(world) {
      const memories = new Map(
        world.nodes.map((node): [WorldNode, Memory] => [node, { placed: new Set(), prompts: new Map() }]),
      );

      const choose = (call: FleetCall, model: MachineModel): Choice => {
        const need = neededContext(call, model);
        const choices = able(world, call)
          .filter((node) => canRun(node, model, need))
          .map((node) => choiceOn(node, memories.get(node)!, call, model, need));
        return choices.reduce((best, other) => (other.cost < best.cost ? other : best));
      };

      const choiceOn = (
        node: WorldNode,
        memory: Memory,
        call: FleetCall,
        model: MachineModel,
        need: number,
      ): Choice => {
        const ahead = forecast(node, memory.placed, world.timeline.now());
        const there = ahead.runners.find(
          (runner) => runner.model === model && (raises ? runner.numCtx >= need : runner.numCtx === need),
        );
        if (!there) return { node, numCtx: need, cost: costOfLoad(ahead, node, call, model, need) };
        const cached = cachedTokens(memory.prompts.get(model.name), call);
        return { node, numCtx: there.numCtx, cost: endsAtMs(ahead, node, there, call, cached) };
      };

      const neededContext = ({ numCtx = defaultNumCtx, promptTokens, outputTokens }: FleetCall, model: MachineModel) =>
        Math.min(model.trainedContext, raises ? Math.max(numCtx, promptTokens + outputTokens) : numCtx);

      return {
        send(call, listener) {
          const model = world.fleet.models.find((other) => other.name === call.model)!;
          const { node, numCtx } = choose(call, model);
          submit(world, node, memories.get(node)!, { call, model, numCtx, cachedTokens: 0 }, listener);
        },
      };
    },
  };
}

function costOfLoad(ahead: Forecast, node: WorldNode, call: FleetCall, model: MachineModel, numCtx: number): number {
  const { runner, victims } = load(ahead, node, model, numCtx);
  const others = victims.filter((victim) => victim.model !== model);
  const reloadsMs = others.reduce((sum, victim) => sum + node.profile.loadMs(victim.model), 0);
  return endsAtMs(ahead, node, runner, call, 0) + evictionCharge * reloadsMs;
}

function submit({ timeline }: World, node: WorldNode, memory: Memory, placed: Placed, listener: CallListener): void {
  const { call, numCtx } = placed;
  memory.placed.add(placed);
  const before = memory.prompts.get(call.model) ?? [];
  memory.prompts.set(call.model, [call.prefix, ...before].slice(0, node.profile.parallel));
  const sent = { ...machineCall(call), numCtx };
  const client = told(listener, sent, () => memory.placed.delete(placed));
  placed.submission = node.machine.submit(sent, {
    ...client,
    loading: () => void (placed.loadingSinceMs = timeline.now()),
    started(facts) {
      placed.startedAtMs = timeline.now();
      client.started?.(facts);
    },
    firstToken(facts) {
      placed.firstTokenAtMs = timeline.now();
      placed.cachedTokens = facts.cachedTokens;
      client.firstToken?.(facts);
    },
  });
}

/** Tokens of the longest beginning that the call shares with one of the prompts. */
function cachedTokens(prompts: readonly FleetCall['prefix'][] | undefined, { prefix }: FleetCall): number {
  const known = new Set(prompts?.flat().map(({ hash }) => hash));
  return prefix.findLast(({ hash }) => known.has(hash))?.tokens ?? 0;
}
