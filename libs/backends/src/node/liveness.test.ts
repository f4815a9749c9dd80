import { create } from '@bufbuild/protobuf';
import type { Call, Generate } from '@tutti/core';
import { delta, done, pause } from '@tutti/core';
import { ModelSchema } from '@tutti/proto/tutti/agent/v1/state';
import { virtualClock } from '@tutti/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Inventory } from '../backend.ts';
import { chatCall, collect, contextWith } from '../calls.fixture.ts';
import { createMemory } from './memory.ts';

/** A backend of two models, "m" and "other", that does what the test says. */
function rigWith(capabilities: string[] = ['completion']) {
  const clock = virtualClock();
  const requests: Call[] = [];
  const hung = new Set<string>();
  let runners: Inventory['runners'] = ['m:latest', 'other:latest'].map((model) => ({
    model,
    contextLength: 4_096,
    expiresInMs: 3_600_000,
  }));
  /** Between two tokens of an answer, and how many it has. */
  const pace = { tokenMs: 0, tokens: 1 };
  const generate: Generate = async function* (call, { signal }) {
    requests.push(call);
    if (hung.has(call.model)) await new Promise((_, reject) => signal.addEventListener('abort', reject));
    for (let i = 0; i < pace.tokens; i++) {
      if (pace.tokenMs > 0) await pause(clock, pace.tokenMs, signal);
      yield delta({ text: 'x' });
    }
    yield done({ reason: 'stop' });
  };
  const memory = createMemory({
    backend: {
      generate,
      residents: async () => runners,
      inventory: async () => ({ backend: {}, models: [], runners }),
      async *verb() {},
      async close() {},
    },
    limits: {},
    inUse: () => 0,
    modelOf: () => create(ModelSchema, { capabilities, contextLength: 32_768 }),
    clock,
    onChange: () => {},
  });
  onTestFinished(() => memory.close());
  // As the state feed does.
  const look = (): void => {
    clock.after(5_000, look);
    void memory.inventory(new AbortController().signal);
  };
  look();
  const run = memory.settled(generate);
  const ask = (model: string, signal?: AbortSignal) =>
    collect(run({ ...chatCall(model, 'hi'), model }, contextWith(signal)));
  const problem = (model: string) => memory.insight.runners()?.find((runner) => runner.model === model)?.problem;
  return {
    clock,
    requests,
    hung,
    pace,
    ask,
    problem,
    setRunners: (changed: Inventory['runners']) => (runners = changed),
    get runners() {
      return runners;
    },
  };
}

describe('acceptance check 11: a port that is open while the work loop is dead', () => {
  it('is out of rotation within 30 s of a call that gets no answer, the other model is not, and it recovers alone', async () => {
    const { clock, hung, ask, problem, requests } = rigWith();
    await ask('m:latest');
    await ask('other:latest');
    hung.add('m:latest');
    void ask('m:latest', new AbortController().signal);
    await clock.advance(30_000);
    expect(problem('m:latest')).toContain('"m:latest" does not work');
    expect(problem('other:latest')).toBe('');
    hung.clear();
    await clock.advance(10_000);
    expect(problem('m:latest')).toBe('');
    expect(requests.length).toBeGreaterThan(4);
  });

  it('is found when nobody uses the model, too', async () => {
    const { clock, hung, ask, problem } = rigWith();
    await ask('m:latest');
    hung.add('m:latest');
    await clock.advance(62_000 + 2 * 20_000 + 5_000);
    expect(problem('m:latest')).not.toBe('');
  });

  it('is not found by one failure, nor where tokens flow, however slowly the answer ends', async () => {
    const { clock, hung, pace, ask, problem, requests } = rigWith();
    await ask('m:latest');
    Object.assign(pace, { tokenMs: 10_000, tokens: 6 });
    const answer = ask('m:latest');
    await clock.advance(60_000);
    await answer;
    expect(requests).toHaveLength(2);
    hung.add('m:latest');
    const controller = new AbortController();
    const call = ask('m:latest', controller.signal);
    await clock.advance(21_000);
    expect(problem('m:latest')).toBe('');
    hung.clear();
    Object.assign(pace, { tokenMs: 0, tokens: 1 });
    await clock.advance(20_000);
    expect(problem('m:latest')).toBe('');
    controller.abort();
    await call;
  });
});

describe('acceptance check 12: a probe asks what the model can do', () => {
  it('vectors of a model that only embeds', async () => {
    const { clock, ask, requests } = rigWith(['embedding']);
    await ask('m:latest');
    requests.length = 0;
    await clock.advance(62_000);
    expect(requests.map(({ model, kind }) => [model, kind.case])).toEqual([['m:latest', 'embed']]);
  });

  it.each([
    [['completion'], 1],
    [['completion', 'thinking'], 16],
  ])('of a model that can %j: %i tokens', async (capabilities, tokens) => {
    const { clock, ask, requests } = rigWith(capabilities);
    await ask('m:latest');
    requests.length = 0;
    await clock.advance(62_000);
    expect(requests.map(({ kind, numPredict }) => [kind.case, numPredict])).toEqual([['completion', tokens]]);
  });
});

describe('acceptance check 13: a probe never loads or evicts', () => {
  it('and says the very options of the runner, and leaves it the time that it has', async () => {
    const { clock, ask, requests } = rigWith();
    await ask('m:latest');
    requests.length = 0;
    await clock.advance(62_000);
    expect(requests).toMatchObject([{ numCtx: { preferred: 4_096 }, keepAliveMs: 3_600_000 }]);
  });

  it('asks nothing of a model that has gone, has changed, or is about to go', async () => {
    const { clock, ask, requests, setRunners, runners } = rigWith();
    for (const changed of [
      [],
      runners.map((runner) => ({ ...runner, contextLength: 8_192 })),
      runners.map((runner) => ({ ...runner, expiresInMs: 5_000 })),
    ]) {
      setRunners(runners);
      await clock.advance(1_001);
      await ask('m:latest');
      setRunners(changed);
      requests.length = 0;
      await clock.advance(120_000);
      expect(requests).toEqual([]);
    }
  });

  it('asks nothing of a model that somebody else has loaded with options that nobody knows', async () => {
    const { clock, requests } = rigWith();
    await clock.advance(200_000);
    expect(requests).toEqual([]);
  });
});
