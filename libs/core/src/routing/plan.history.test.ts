import { seededRandom } from '@tutti/testing';
import { expect, it } from 'vitest';
import type { Random } from '../ports.ts';
import type { NodeFacts, RunnerFacts, RunningCall } from './node-facts.ts';
import { actOf, ended, overlay, served, settle, type LoadAct } from './overlay.ts';
import { plan, type Start, type Waiting } from './plan.ts';
import { below, one, randomDemand } from './random-world.fixture.ts';
import { GB, modelFacts, nodeFacts, planInput, plainEstimates, runnerFacts, waiting } from './routing.fixture.ts';

const histories = 300;
const calls = 34;
const models = ['m0', 'm1', 'm2', 'm3', 'm4'];
const estimates = plainEstimates();
const loadMs = 5_000;

/** What really is on a machine, and what its reports showed and when. */
interface Machine {
  readonly facts: NodeFacts;
  runners: RunnerFacts[];
  running: { readonly id: string; readonly call: RunningCall; endsAt: number }[];
  loading: boolean;
  reports: { readonly at: number; readonly runners: readonly RunnerFacts[] }[];
  acts: readonly LoadAct[];
}

interface Event {
  readonly at: number;
  readonly run: () => void;
}

/** Some calls on some machines whose reports come late; returns how long each waited. */
function history(random: Random): { waits: number[]; doubleLoads: number } {
  const events: Event[] = [];
  const queue: Waiting[] = [];
  const waits: number[] = [];
  let now = 0;
  let doubleLoads = 0;
  const after = (ms: number, run: () => void): void => {
    events.push({ at: now + ms, run });
  };
  const machines = Array.from({ length: 1 + below(random, 3) }, (_, index) => machine(`n${index}`, random));
  const delayMs = one([0, 100, 1_000, 5_000], random);

  const report = (machine: Machine): void => {
    const { runners } = machine;
    after(delayMs, () => {
      machine.reports = [{ at: now, runners }];
      machine.acts = settle(machine.acts, { ...machine.facts, runners }, now);
    });
  };

  const seen = ({ facts, reports, running, acts }: Machine): NodeFacts =>
    overlay({ ...facts, runners: reports[0]?.runners ?? [], calls: running.map(({ call }) => call) }, acts, now);

  const run = (machine: Machine, id: string, entry: Waiting, readyAt: number, loads: boolean): void => {
    const { demand } = entry;
    const ahead = machine.running.filter(({ call }) => call.demand.model === demand.model && demand.kind !== 'embed');
    const begins = Math.max(now, readyAt, ...(ahead.length > machine.facts.slotsPerRunner ? [ahead[0]!.endsAt] : []));
    const endsAt = begins + 100 + below(random, 20_000);
    const call = { demand, startedAt: now, firstTokenAt: undefined, outputTokens: 0, loads };
    machine.running.push({ id, call, endsAt });
    after(endsAt - now, () => {
      machine.running = machine.running.filter((other) => other.id !== id);
      machine.acts = machine.acts.map((act) => (act.requestId === id ? ended(act, now) : act));
      report(machine);
    });
  };

  const load = (machine: Machine, id: string, { option, entry }: Start<Waiting>): void => {
    const { model } = entry.demand;
    const resident = machine.runners.find((runner) => runner.model === model);
    if (resident?.runnerOptions === entry.demand.runnerOptions && resident.numCtx! >= option.numCtx!) doubleLoads += 1;
    expect(machine.loading, 'one load at a time').toBe(false);
    const leaving = new Set([model, ...option.evict]);
    const idleAt = Math.max(
      now,
      ...machine.running.filter(({ call }) => leaving.has(call.demand.model)).map(({ endsAt }) => endsAt),
    );
    machine.loading = true;
    machine.acts = [...machine.acts, actOf(option, entry.demand, seen(machine), id, now, estimates)!];
    after(idleAt - now, () => {
      machine.runners = machine.runners.filter((runner) => !leaving.has(runner.model));
      report(machine);
    });
    after(idleAt + loadMs - now, () => {
      machine.loading = false;
      const bytes = machine.acts.find(({ requestId }) => requestId === id)?.runner.bytes;
      machine.runners = [
        ...machine.runners,
        runnerFacts(model, {
          numCtx: option.numCtx,
          runnerOptions: entry.demand.runnerOptions,
          bytes,
          slots: machine.facts.slotsPerRunner,
        }),
      ];
      const used = machine.runners.reduce((sum, runner) => sum + (runner.bytes ?? 0), 0);
      expect(used, 'memory').toBeLessThanOrEqual(machine.facts.memoryBytes!);
      machine.acts = machine.acts.map((act) => (act.requestId === id ? served(act) : act));
      report(machine);
    });
    run(machine, id, entry, idleAt + loadMs, true);
  };

  const pass = (): void => {
    const { starts } = plan(planInput(machines.map(seen), queue, { now, random, estimates }));
    for (const start of starts) {
      const { entry, option } = start;
      const machine = machines.find(({ facts }) => facts.name === option.node)!;
      const id = `r${waits.length}`;
      queue.splice(queue.indexOf(entry), 1);
      waits.push(now - entry.since);
      if (option.kind === 'load') load(machine, id, start);
      else run(machine, id, entry, now, false);
    }
  };

  for (let n = 0; n < calls; n += 1) {
    const demand = { ...randomDemand(random, one(models, random)), node: undefined, tier: undefined };
    after(below(random, 60_000), () => queue.push(waiting(demand, now)));
  }
  while ((events.length > 0 || queue.length > 0) && now < 3_600_000) {
    // Once a second it is planned anew, whatever happens.
    events.sort((a, b) => a.at - b.at);
    const next = events[0];
    if (next && next.at <= now + 1_000) {
      events.shift();
      now = Math.max(now, next.at);
      next.run();
    } else {
      now += 1_000;
    }
    pass();
  }
  return { waits, doubleLoads };
}

function machine(name: string, random: Random): Machine {
  const facts = nodeFacts(name, {
    models: models.map((model, index) => modelFacts(model, { sizeBytes: [0.5, 2, 4, 4, 9][index]! * GB })),
    memoryBytes: one([12, 16, 24], random) * GB,
    slots: 8,
    slotsPerRunner: 1 + below(random, 3),
  });
  return { facts, runners: [], running: [], loading: false, reports: [], acts: [] };
}

it('6: every call starts, however late the reports; none makes a node load what it has', () => {
  for (let seed = 1; seed <= histories; seed += 1) {
    const { waits, doubleLoads } = history(seededRandom(seed));
    expect(waits.length, `seed ${seed}: calls that started`).toBe(calls);
    expect(doubleLoads, `seed ${seed}: loads of what was there`).toBe(0);
  }
});
