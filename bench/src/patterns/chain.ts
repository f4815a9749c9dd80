import { setImmediate } from 'node:timers/promises';
import { done, pause, textDelta, type Generate } from '@tutti/core';
import type { Pattern } from '@tutti/core/patterns';
import { systemClock } from '@tutti/runtime';
import { begin } from './run-pattern.ts';

/** Asks one question after the other. */
const chain: Pattern<{ readonly steps: number }> = {
  name: 'chain',
  parse: () => ({ steps: 1 }),
  estimate: ({ steps }) => ({ calls: steps, tokens: steps, models: 1 }),
  async *run({ steps }, context) {
    let text = '';
    for (let step = 1; step <= steps; step++) {
      const messages = [{ role: 'user' as const, content: `Step ${step}` }];
      const question = { model: 'm', messages, label: { role: 'member' }, maxTokens: 8 };
      text = (await context.ask(`s${step}`, question).answer).text;
      if (step === 1) yield { kind: 'begun' };
    }
    return { text };
  },
};

/** Plays a chain of steps to its end. A call says one word, after so many milliseconds. */
export async function playChain(steps: number, delayMs = 0): Promise<void> {
  const budget = { maxCalls: steps, maxTokens: 8 * steps };
  const turn = (): Promise<void> => setImmediate();
  const generate = oneWord(delayMs);
  const { ended } = begin({ pattern: chain, input: { steps }, generate, clock: systemClock, turn, budget });
  const { state } = await ended;
  if (state !== 'COMPLETED') throw new Error(`A chain of ${steps} steps has ended as ${state}.`);
}

function oneWord(delayMs: number): Generate {
  return async function* (_call, { signal }) {
    if (delayMs > 0) await pause(systemClock, delayMs, signal);
    yield textDelta('yes');
    yield done({ reason: 'stop', usage: { promptTokens: 2, outputTokens: 1 } });
  };
}
