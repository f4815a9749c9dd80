import { virtualClock } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import { callFor, collect, contextWith } from './calls.fixture.ts';
import type { ClusterError, Reason } from './error.ts';
import { fallback } from './fallback.ts';
import { accepted, end, failure, fleetOf, word, type Nodes, type Step } from './failure/fleet.fixture.ts';
import { createRetryBudget, type RetryBudget } from './failure/retry-budget.ts';
import { Privacy, type Context, type Generate } from './generate.ts';
import { localPrincipal } from './principal.ts';
import { retried } from './retried.ts';

/** Nodes that do one thing for each model. */
function nodesThat(models: Record<string, readonly Step[]>): Nodes {
  const node: Generate = async function* ({ model }) {
    for (const step of models[model] ?? [failure('model_not_found')]) {
      if (step instanceof Error) throw step;
      if (typeof step === 'object') yield step;
    }
  };
  return { a: node, b: node, c: node, d: node };
}

async function ask(models: Record<string, readonly Step[]>, changes: Partial<Context>, budget?: RetryBudget) {
  const fleet = fleetOf(nodesThat(models), ['m', 'x', 'y', 'z']);
  const generate = fallback({ budget: budget ?? createRetryBudget({ clock: fleet.clock }) }, fleet.generate);
  const answer = collect(generate(callFor('m'), contextWith(changes)));
  await fleet.clock.advance(10_000);
  const { text, kinds, error } = await answer;
  const asked = [...new Set(fleet.attempts.map(({ call }) => call.model))];
  return { text, kinds, reason: (error as ClusterError | undefined)?.reason, asked, attempts: fleet.attempts };
}

const says = (text: string): readonly Step[] => [accepted, word(text), end];

describe('another model', () => {
  it.each<Reason>(['model_not_found', 'no_healthy_node', 'overloaded', 'upstream_error', 'bad_upstream'])(
    'is asked when the one that was asked for ends in %s',
    async (reason) => {
      const { text, asked } = await ask(
        { 'm:latest': [failure(reason)], 'x:latest': says('from x') },
        { fallback: ['x'] },
      );
      expect({ text, asked }).toEqual({ text: 'from x', asked: ['m:latest', 'x:latest'] });
    },
  );

  it.each<Reason>(['invalid_request', 'context_length_exceeded', 'forbidden', 'poison_request', 'client_closed'])(
    'does not mend %s',
    async (reason) => {
      const answer = await ask({ 'm:latest': [failure(reason)], 'x:latest': says('from x') }, { fallback: ['x'] });
      expect(answer).toMatchObject({ reason, asked: ['m:latest'] });
    },
  );

  it('is asked in the order that was given, each once', async () => {
    const { asked, text } = await ask({ 'y:latest': says('from y') }, { fallback: ['x', 'm', 'x:latest', 'y', 'z'] });
    expect({ asked, text }).toEqual({ asked: ['m:latest', 'x:latest', 'y:latest'], text: 'from y' });
  });

  it('is never asked without the caller saying so', async () => {
    expect((await ask({ 'x:latest': says('x') }, {})).reason).toBe('model_not_found');
  });

  it('does not go on with an answer that has begun', async () => {
    const half = [accepted, word('half'), failure('upstream_error')];
    const answer = await ask({ 'm:latest': half, 'x:latest': says('x') }, { fallback: ['x'] });
    expect(answer).toMatchObject({ text: 'half', reason: 'upstream_error', asked: ['m:latest'] });
  });

  it('is passed over when the key may not use it', async () => {
    const principal = { ...localPrincipal, models: ['m', 'y'] };
    const models = { 'x:latest': says('from x'), 'y:latest': says('from y') };
    expect((await ask(models, { fallback: ['x', 'y'], principal })).text).toBe('from y');
    expect((await ask(models, { fallback: ['x'], principal })).reason).toBe('model_not_found');
  });

  describe('is asked with', () => {
    const seenBy = async (context: Context) => {
      const seen: [string, Context][] = [];
      const nobody: Generate = async function* ({ model }, own) {
        seen.push([model, own]);
        throw failure('no_healthy_node');
      };
      await collect(fallback({ budget: createRetryBudget({ clock: virtualClock() }) }, nobody)(callFor('m'), context));
      return seen;
    };

    it('30: the privacy, the node and the tier of the call, and its place', async () => {
      const context = contextWith({ fallback: ['x'], privacy: Privacy.LOCAL, pin: 'b', tier: 1 });
      const seen = await seenBy(context);
      expect(seen.map(([, own]) => own)).toEqual([context, context]);
      expect(seen[1]?.[1].ticket.place).toBe(context.ticket.place);
    });

    it('its name, once, whatever else it is called', async () => {
      const seen = await seenBy(contextWith({ fallback: ['m', 'x', 'm:latest', 'x:latest'] }));
      expect(seen.map(([model]) => model)).toEqual(['m', 'x:latest']);
    });
  });

  it('may run where the other one failed', async () => {
    const { attempts } = await ask(
      { 'm:latest': [failure('upstream_error')], 'x:latest': says('x') },
      { fallback: ['x'] },
    );
    expect([...attempts.at(-1)!.context.ticket.excluded]).toEqual([]);
  });

  it('costs a retry where nodes have been asked', async () => {
    const budget = { deposit: () => {}, withdraw: () => false };
    const answer = await ask(
      { 'm:latest': [failure('upstream_error')], 'x:latest': says('x') },
      { fallback: ['x'] },
      budget,
    );
    expect(answer).toMatchObject({ reason: 'upstream_error', asked: ['m:latest'] });
  });
});

describe('a call makes room for retries', () => {
  const deposits = async (models: Record<string, readonly Step[]>, known: readonly string[]): Promise<number> => {
    const { clock, dispatch } = fleetOf(nodesThat(models), known);
    let count = 0;
    const budget = { deposit: () => void (count += 1), withdraw: () => true };
    const generate = fallback({ budget }, retried({ clock, random: () => 0, budget }, dispatch));
    const answer = collect(generate(callFor('m'), contextWith({ fallback: ['x', 'y'] })));
    await clock.advance(10_000);
    await answer;
    return count;
  };
  const broken = [failure('upstream_error')];

  it('once, however many models and nodes it asks', async () => {
    const models = { 'm:latest': broken, 'x:latest': broken, 'y:latest': says('y') };
    expect(await deposits(models, ['m', 'x', 'y'])).toBe(1);
  });

  it('once where nobody had the first model', async () => {
    expect(await deposits({ 'y:latest': says('y') }, ['y'])).toBe(1);
  });

  it('not at all where nobody was asked', async () => {
    expect(await deposits({}, ['other'])).toBe(0);
  });
});

it('ends with what the last model ended with', async () => {
  const { reason } = await ask({ 'x:latest': [failure('overloaded')] }, { fallback: ['x'] });
  expect(reason).toBe('overloaded');
});
