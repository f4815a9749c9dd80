import { canonicalModel, type Clock } from '@tutti/core';
import type { MachineCall, MachineError, MachineListener, Submission } from './machine-call.ts';
import { runnerBytes, type MachineModel, type MachineProfile } from './machine-profile.ts';
import type { Processor } from './processor.ts';
import type { Runner, RunnerSpec } from './runner.ts';
import type { RunnerLease, Scheduler } from './scheduler.ts';
import type { Slot } from './slots.ts';
import { startStream, type Stream } from './stream.ts';

/** What the calls inside a machine share. */
export interface Room {
  readonly profile: MachineProfile;
  readonly clock: Clock;
  readonly processor: Processor;
  readonly scheduler: Scheduler;
  readonly visits: Set<Visit>;
  readonly zombies: Set<Zombie>;
}

/** A call inside a machine, from its arrival to its end. */
export interface Visit extends Submission {
  readonly listener: MachineListener;
  /** Forgets it when the machine is lost: gives back nothing, tells nobody. */
  abandon(): void;
}

/** A cancelled call that goes on burning. */
export interface Zombie {
  readonly runner: Runner;
  end(): void;
}

/** Everything in it may happen at once: a model in memory, a free slot, a refusal. */
export function createVisit(room: Room, model: MachineModel, call: MachineCall, listener: MachineListener): Visit {
  const { profile, clock, processor, scheduler, visits, zombies } = room;
  const spec = runnerSpec(profile, model, call);
  const truncated = call.promptTokens > spec.numCtx;
  const promptTokens = Math.min(call.promptTokens, spec.numCtx);
  const arrivedMs = clock.now();
  let over = false;
  let lease: RunnerLease | undefined;
  let leaveLine = (): void => {};
  let slot: Slot | undefined;
  let stream: Stream | undefined;
  let zombie: Zombie | undefined;
  let loadMs = 0;
  let startedMs = 0;
  let firstMs = 0;

  const visit: Visit = {
    listener,
    outputTokens: () => stream?.outputTokens() ?? 0,
    cancel(zombieForMs = 0) {
      if (over) return;
      close();
      if (!lease) return cancelWish();
      if (stream && zombieForMs > 0) linger(lease.runner, zombieForMs);
      else freeSlot();
      lease.release();
    },
    abandon: close,
  };

  /** From here on nothing more is heard of it. */
  function close(): void {
    over = true;
    visits.delete(visit);
    leaveLine();
  }

  function fail(error: MachineError): void {
    close();
    lease?.release();
    listener.failed(error);
  }

  function ready(given: RunnerLease): void {
    lease = given;
    loadMs = clock.now() - arrivedMs;
    if (truncated && call.truncate === false) return fail('too_long');
    const prefix = truncated ? [] : call.prefix;
    leaveLine = given.runner.slots.enter({ tokens: promptTokens, prefix }, (free) => enter(given.runner, free));
  }

  function enter(runner: Runner, given: Slot): void {
    slot = given;
    startedMs = clock.now();
    stream = startStream(processor, {
      promptTokens: promptTokens - given.cachedTokens,
      outputTokens: call.outputTokens,
      prefillSpeed: profile.prefillSpeed(model),
      decodeSpeed: profile.decodeSpeed(model),
      group: runner,
      firstToken,
      ended,
    });
    listener.started?.({ loadMs, numCtx: spec.numCtx });
  }

  function firstToken(): void {
    firstMs = clock.now();
    if (!over) listener.firstToken?.({ cachedTokens: slot?.cachedTokens ?? 0 });
  }

  function ended(): void {
    if (zombie) return zombie.end();
    close();
    const endedMs = clock.now();
    const generated = call.outputTokens > 0;
    const readMs = generated ? firstMs : endedMs;
    const cachedTokens = slot?.cachedTokens ?? 0;
    slot?.leave();
    lease?.release();
    listener.ended({
      loadMs,
      promptMs: readMs - startedMs,
      outputMs: endedMs - readMs,
      promptTokens,
      cachedTokens,
      outputTokens: call.outputTokens,
      truncated,
    });
  }

  function freeSlot(): void {
    stream?.stop();
    slot?.leave(slot.cachedTokens + (stream?.readTokens() ?? 0));
  }

  function linger(runner: Runner, forMs: number): void {
    const stopTimer = clock.after(forMs, () => zombie?.end());
    zombie = {
      runner,
      end() {
        if (!zombies.delete(this)) return;
        stopTimer();
        freeSlot();
      },
    };
    zombies.add(zombie);
  }

  visits.add(visit);
  const cancelWish = scheduler.use(spec, keepAlive(call), { loading: () => listener.loading?.(), ready, failed: fail });
  return visit;
}

function runnerSpec(profile: MachineProfile, model: MachineModel, call: MachineCall): RunnerSpec {
  const askedNumCtx = Math.max(4, call.numCtx ?? profile.defaultNumCtx);
  const numCtx = Math.min(askedNumCtx, model.trainedContext);
  const slots = model.embedding ? 1 : profile.parallel;
  const bytes = runnerBytes(model, numCtx, profile.parallel);
  return { model: canonicalModel(model.name), numCtx, askedNumCtx, options: call.runnerOptions ?? '', slots, bytes };
}

function keepAlive({ keepAliveMs }: MachineCall): number | undefined {
  return keepAliveMs !== undefined && keepAliveMs < 0 ? Infinity : keepAliveMs;
}
