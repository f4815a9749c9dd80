import { availableParallelism } from 'node:os';
import { ClusterError, linkedController, onAbort, type Clock, type Generate, type Random } from '@tutti/core';
import { withToolChoice } from '@tutti/dialects/tool-choice';
import type { Backend } from '../backend.ts';
import { engineError } from './engine-error.ts';
import { findResident } from './find-resident.ts';
import { inventory } from './inventory.ts';
import { resident, type ModelFile, type Resident } from './resident.ts';
import { runCall } from './run-call.ts';
import { openRuntime } from './runtime.ts';
import { runVerb } from './verbs.ts';

export interface EmbeddedSettings {
  /** GGUF files to serve; they are read when they are asked for. */
  readonly modelPaths: readonly ModelFile[];
  readonly clock: Clock;
  /** Absent: 1 on machines with up to 4 processors, else half of them. */
  readonly threads?: number;
  /** Context length in tokens for calls that ask for none. Absent: 4096. */
  readonly contextLength?: number;
  /** How long an unused model stays in memory; negative: for ever. Absent: 5 minutes. */
  readonly keepAliveMs?: number;
  /** Where calls without a seed get theirs from. Absent: Math.random. */
  readonly random?: Random;
}

/**
 * llama.cpp in this process. Each model does one call at a time; others wait for their turn.
 * Rejects with `not_implemented` if the engine is not installed for this machine.
 */
export async function embeddedBackend(settings: EmbeddedSettings): Promise<Backend> {
  const { clock, random = Math.random, keepAliveMs = 5 * 60_000 } = settings;
  const { threads = defaultThreads(), contextLength = 4096 } = settings;
  const runtime = await openRuntime();
  const residents = settings.modelPaths.map((file) => resident(file, runtime, { clock, threads, contextLength }));
  const find = (model: string, digest = '') => findResident(residents, model, digest);
  const closing = new AbortController();

  async function* generate(...[call, context]: Parameters<Generate>): ReturnType<Generate> {
    const { controller, unlink } = linkedController(context.signal);
    const unlinkClosing = onAbort(closing.signal, () => controller.abort(closing.signal.reason));
    const { signal } = controller;
    try {
      yield* runCall(call, find(call.model, call.digest), { runtime, clock, random, keepAliveMs }, signal);
    } catch (thrown) {
      throw engineError(thrown, signal);
    } finally {
      unlinkClosing();
      unlink();
    }
  }

  return {
    generate: withToolChoice(generate),
    inventory: () => inventory(residents, runtime.version),
    async *verb({ verb, bodyJson }, signal) {
      try {
        yield await runVerb(verb, bodyJson, { clock, keepAliveMs, find, signal });
      } catch (thrown) {
        throw engineError(thrown, signal);
      }
    },
    async close() {
      closing.abort(new ClusterError('draining', 'the agent is stopping'));
      await Promise.all(residents.map(unloadInTurn));
      await runtime.llama.dispose();
    },
  };
}

async function unloadInTurn({ takeTurn, unload }: Resident): Promise<void> {
  const release = await takeTurn(new AbortController().signal);
  await unload();
  release();
}

function defaultThreads(): number {
  const processors = availableParallelism();
  return processors <= 4 ? 1 : processors >> 1;
}
