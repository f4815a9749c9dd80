import { ClusterError, onAbort, type Clock } from '@tutti/core';
import type { Placement } from './placement.ts';
import type { Probe } from './probe.ts';
import type { Residents } from './residents.ts';
import type { Traffic } from './traffic.ts';

/** Watches whether the models in memory still work: a port that answers is not enough. */
export interface Liveness {
  /** Why the model shows no sign of life; "": it does. */
  problemOf(model: string): string;
  close(): void;
}

interface Options {
  readonly residents: Residents;
  readonly traffic: Pick<Traffic, 'running' | 'silentMs' | 'heardMs' | 'patienceMs'>;
  readonly placement: Pick<Placement, 'loading'>;
  readonly probe: Probe;
  readonly clock: Clock;
  /** A problem has come or gone. */
  readonly onChange: () => void;
}

interface Health {
  /** Of the last sign that a probe got. */
  aliveAt: number;
  failures: number;
  /** Of the last probe's end. */
  probedAt: number;
  probing: boolean;
  problem: string;
}

const checkMs = 1_000;
/** A model that nobody uses is asked so often. */
const idleMs = 60_000;
/** A model with calls is asked when it has been silent so long, and for no longer than reading their prompts takes. */
const silentMs = 15_000;
/** A model that has failed is asked again so soon. */
const againMs = 2_000;
const busyTimeoutMs = 5_000;
/** Other models may keep the machine busy. */
const idleTimeoutMs = 20_000;
const failuresForProblem = 2;

export function createLiveness({ residents, traffic, placement, probe, clock, onChange }: Options): Liveness {
  const healths = new Map<string, Health>();
  let stop = (): void => {};
  const closing = new AbortController();

  const healthOf = (model: string): Health => {
    let health = healths.get(model);
    if (!health) {
      const now = clock.now();
      health = { aliveAt: now, failures: 0, probedAt: now, probing: false, problem: '' };
      healths.set(model, health);
    }
    return health;
  };

  const setProblem = (health: Health, problem: string): void => {
    if (health.problem === problem) return;
    health.problem = problem;
    onChange();
  };

  const heard = (health: Health): void => {
    health.failures = 0;
    setProblem(health, '');
  };

  /** Milliseconds of silence after which the model is asked. */
  const toleranceMs = (model: string, { failures }: Health): number => {
    if (failures > 0) return 0;
    return traffic.running(model) > 0 ? Math.max(silentMs, traffic.patienceMs(model)) : idleMs;
  };

  const check = (): void => {
    for (const model of healths.keys()) if (!residents.find(model)) healths.delete(model);
    for (const { model } of residents.list) {
      const health = healthOf(model);
      const sinceProbe = clock.now() - health.probedAt;
      if (health.failures > 0 && traffic.heardMs(model) < sinceProbe) heard(health);
      const resting = health.failures > 0 && sinceProbe < againMs;
      if (health.probing || resting || placement.loading !== '') continue;
      const silence = Math.min(traffic.silentMs(model), clock.now() - health.aliveAt);
      if (silence >= toleranceMs(model, health)) void ask(model, health);
    }
    stop = clock.after(checkMs, check);
  };

  const ask = async (model: string, health: Health): Promise<void> => {
    health.probing = true;
    const controller = new AbortController();
    const unlink = onAbort(closing.signal, () => controller.abort());
    const timeoutMs = traffic.running(model) > 0 ? busyTimeoutMs : idleTimeoutMs;
    const cancel = clock.after(timeoutMs, () =>
      controller.abort(new ClusterError('upstream_timeout', `No sign of life within ${timeoutMs / 1_000} s.`)),
    );
    try {
      // Where asking could do harm the model is believed for another while.
      await probe(model, controller.signal);
      health.aliveAt = clock.now();
      heard(health);
    } catch (thrown) {
      health.failures += 1;
      const { message } = ClusterError.from(thrown);
      if (health.failures >= failuresForProblem) setProblem(health, `"${model}" does not work: ${message}`);
    } finally {
      cancel();
      unlink();
      health.probing = false;
      health.probedAt = clock.now();
    }
  };

  stop = clock.after(checkMs, check);
  return {
    problemOf: (model) => healths.get(model)?.problem ?? '',
    close() {
      stop();
      closing.abort();
    },
  };
}
