import {
  abortError,
  canonicalModel,
  delta,
  done,
  pause,
  runnerOptionsOf,
  throwIfAborted,
  type Call,
  type Clock,
} from '@tutti/core';
import type { Backend } from '../backend.ts';
import { unlessAborted } from '../unless-aborted.ts';

interface Settings {
  readonly clock: Clock;
  readonly loadMs?: number;
  /** How long a model is still shown after it has been told to go; Infinity: it stays. */
  readonly unloadMs?: number;
  /** Context of a runner when the request says nothing. */
  readonly defaultContext?: number;
  /** Most context that a runner gets. */
  readonly trainedContext?: number;
  /** Whether calls with a prompt wait until `open` is called. */
  readonly gated?: boolean;
}

interface Runner {
  readonly key: string;
  readonly contextLength: number;
  users: number;
  unloadSoon: boolean;
}

/** A backend that keeps its memory as Ollama 0.17.4 does: it loads what it is asked for, and again if the options differ. */
export function memoryBackend({ clock, loadMs = 0, defaultContext = 4_096, ...rest }: Settings) {
  const { trainedContext = 32_768, gated = false, unloadMs = 0 } = rest;
  const runners = new Map<string, Runner>();
  const gates: { readonly model: string; readonly open: () => void }[] = [];
  /** What it did, in order: "load m", "unload m", "run m". */
  const events: string[] = [];
  /** Calls that had something to answer. */
  const calls: Call[] = [];
  const faults = { hang: false };
  let silentLoads = 0;

  const drop = (model: string, runner: Runner): void => {
    const leave = (): void => {
      if (runners.get(model) !== runner) return;
      runners.delete(model);
      events.push(`unload ${model}`);
    };
    if (unloadMs === Infinity) return;
    if (unloadMs > 0) clock.after(unloadMs, leave);
    else leave();
  };

  const bringIn = async (call: Call, signal: AbortSignal): Promise<Runner> => {
    const model = canonicalModel(call.model);
    const asked = call.numCtx?.preferred || defaultContext;
    const key = `${asked} ${runnerOptionsOf(call.optionsJson)}`;
    const known = runners.get(model);
    if (known?.key === key) return known;
    if (!isEmpty(call)) silentLoads += 1;
    if (loadMs > 0) await pause(clock, loadMs, signal);
    throwIfAborted(signal);
    const runner = { key, contextLength: Math.min(asked, trainedContext), users: 0, unloadSoon: false };
    runners.set(model, runner);
    events.push(`load ${model}`);
    return runner;
  };

  const backend: Backend & Required<Pick<Backend, 'residents'>> = {
    async *generate(call, { signal }) {
      const model = canonicalModel(call.model);
      const present = runners.get(model);
      if (isEmpty(call) && call.keepAliveMs === 0) {
        if (present) present.unloadSoon = true;
        if (present?.users === 0) drop(model, present);
        return yield done({ reason: 'unload' });
      }
      if (faults.hang) await unlessAborted(new Promise(() => {}), signal);
      const runner = await bringIn(call, signal);
      if (isEmpty(call)) return yield done({ reason: 'load' });
      runner.users += 1;
      calls.push(call);
      events.push(`run ${model}`);
      try {
        if (gated && call.numPredict !== 1) {
          await new Promise<void>((resolve, reject) => {
            gates.push({ model, open: resolve });
            signal.addEventListener('abort', () => reject(abortError(signal)));
          });
        }
        const { kind } = call;
        if (kind.case === 'embed') {
          yield delta({ embeddings: kind.value.inputs.map((_, index) => ({ index, values: [index] })) });
        } else yield delta({ text: 'x' });
        yield done({ reason: 'stop', usage: { promptTokens: 1, outputTokens: 1 }, timings: { loadMs: 1 } });
      } finally {
        runner.users -= 1;
        if (runner.unloadSoon && runner.users === 0) drop(model, runner);
      }
    },
    residents: async () =>
      [...runners].map(([model, { contextLength }]) => ({ model, contextLength, expiresInMs: 3_600_000 })),
    inventory: async () => ({ backend: { kind: 'ollama' }, models: [], runners: [] }),
    async *verb() {},
    async close() {},
  };

  return {
    backend,
    runners,
    gates,
    events,
    calls,
    faults,
    get silentLoads() {
      return silentLoads;
    },
    /** As if somebody else had made it. */
    put(model: string, contextLength: number): void {
      const key = `${contextLength} `;
      runners.set(canonicalModel(model), { key, contextLength, users: 0, unloadSoon: false });
    },
    /** Lets the oldest call of the model answer. */
    open(model: string): void {
      const index = gates.findIndex((gate) => gate.model === canonicalModel(model));
      gates.splice(index, 1)[0]?.open();
    },
  };
}

function isEmpty({ kind }: Call): boolean {
  if (kind.case === 'embed') return kind.value.inputs.length === 0;
  if (kind.case === 'chat') return kind.value.messages.length === 0;
  return kind.case === 'completion' && kind.value.prompt === '';
}
