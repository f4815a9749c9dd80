import type { AddressInfo } from 'node:net';
import {
  ClusterError,
  done,
  localPrincipal,
  pause,
  Priority,
  Privacy,
  progress,
  textDelta,
  throwIfAborted,
  ticketMachine,
  type Clock,
  type Generate,
  type RunRepository,
} from '@tutti/core';
import { patterns, type AvailableModel, type Pattern, type RunCaller } from '@tutti/core/patterns';
import { PatternService } from '@tutti/proto/tutti/v1/pattern';
import { systemClock } from '@tutti/runtime';
import { createLog } from '@tutti/runtime/log';
import { virtualClock } from '@tutti/testing';
import { onTestFinished } from 'vitest';
import { createHttpServer } from '../faces/http/http-server.ts';
import { publicService } from '../faces/rest/rest.ts';
import { patternService } from '../services/pattern-service.ts';
import { createRuns, type Runs } from './runs.ts';

const log = createLog({ service: 'test', level: 'silent' });
const facts = { resident: true, sizeBytes: 1e9, contextLength: 8_192, capabilities: ['completion'] };

export const caller: RunCaller = {
  ...{ principal: localPrincipal, priority: Priority.DEFAULT, privacy: Privacy.CLUSTER, hops: 0 },
};

export const leaseMs = 1_500;
const tokenMs = 10;

/** Whatever takes longer does not come. */
const mostMs = 70_000;

/** Asks a person. */
const permit: Pattern<{ readonly expiresMs: number }> = {
  name: 'permit',
  parse: ({ expiresMs = 600_000 }) => ({ expiresMs: expiresMs as number }),
  estimate: () => ({ calls: 0, tokens: 0, models: 0 }),
  async *run({ expiresMs }, context) {
    const said = await context.human('may-i', { prompt: 'May I?', expiresMs }).answer;
    yield { kind: 'said', said };
    return { text: JSON.stringify(said) };
  },
};

/** What a model says to a prompt, one word every 10 ms; an error: it fails so; undefined: it never says anything. */
export type Says = (prompt: string) => string | ClusterError | undefined;

/** Models of a test, each of a family of its own. */
export function wordByWord(clock: Clock, models: Readonly<Record<string, Says>>): Generate {
  return async function* ({ model, kind, numPredict }, { signal }) {
    const part = kind.case === 'chat' ? kind.value.messages.at(-1)?.parts[0]?.kind : undefined;
    const said = models[model]?.(part?.case === 'text' ? part.value : '');
    yield progress({ case: 'dispatched', value: { node: 'n1', reason: 'test', attempt: 1 } });
    if (said === undefined) await pause(clock, Number.MAX_SAFE_INTEGER, signal);
    throwIfAborted(signal);
    if (said instanceof ClusterError) throw said;
    const words = said!.split(/(?<= )/).slice(0, numPredict);
    for (const word of words) {
      await pause(clock, tokenMs, signal);
      throwIfAborted(signal);
      yield textDelta(word);
    }
    yield done({ reason: 'stop', usage: { promptTokens: 5, outputTokens: words.length } });
  };
}

interface Process {
  readonly store: RunRepository;
  readonly generate: Generate;
  readonly clock: Clock;
  readonly models: readonly string[];
  readonly leaseMs?: number;
}

/** A process with its runs; it stops with the test. */
export function startProcess(name: string, { store, models, ...rest }: Process): Runs {
  const available: readonly AvailableModel[] = models.map((model) => ({ name: model, family: model, ...facts }));
  const runs = createRuns({
    ...{ leaseMs, ...rest, repository: store, orchestratorId: name, log },
    patterns: { ...patterns, permit },
    models: () => available,
    isResident: () => true,
    nextTicket: ticketMachine(),
    enter: () => () => {},
    reenter: () => () => {},
    isFull: () => false,
  });
  // One that is dead never stops.
  onTestFinished(() => void runs.close());
  return runs;
}

const tally = { read: () => Promise.reject(new ClusterError('storage_unavailable', 'There is none.')) };

/** Serves the runs of a process by HTTP; returns the address. */
export async function serveRuns(runs: Runs, clock: Clock): Promise<string> {
  const app = createHttpServer({ log });
  publicService(app, PatternService, patternService({ runs, tally, clock }), { clock: systemClock, log });
  await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => app.close());
  return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
}

/** A store that counts the calls it works on, and can fall silent towards one process. */
export function observedStore(runs: RunRepository) {
  let open = 0;
  const through = (isDead: () => boolean): RunRepository => {
    const never = new Promise<never>(() => {});
    const entries = Object.entries(runs).map(([name, method]) => [
      name,
      async (...args: readonly unknown[]) => {
        if (isDead()) return never;
        open += 1;
        try {
          const found = await (method as (...all: readonly unknown[]) => unknown)(...args);
          return isDead() ? await never : found;
        } finally {
          open -= 1;
        }
      },
    ]);
    return Object.fromEntries(entries) as RunRepository;
  };
  return { through, isBusy: () => open > 0 };
}

/** Time that passes only while no call of the store is open: what happens in it does not depend on the machine. */
export function restingClock(isBusy: () => boolean) {
  const clock = virtualClock();
  const rest = async (): Promise<void> => {
    do await new Promise((resolve) => setImmediate(resolve));
    while (isBusy());
  };
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed++) {
      await rest();
      await clock.advance(1);
    }
    await rest();
  };
  /** Lets time pass until the promise settles. */
  const until = async <T>(promise: Promise<T>): Promise<T> => {
    let settled = false;
    const note = (): void => void (settled = true);
    promise.then(note, note);
    for (let passed = 0; !settled && passed < mostMs; passed++) await pass(1);
    if (!settled) throw new Error(`It did not come within ${mostMs} ms.`);
    return promise;
  };
  return { clock, pass, until };
}
