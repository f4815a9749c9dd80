import { expect, it } from 'vitest';
import type { Explanation } from '../connection/api.ts';
import { describeExplanation } from './explanation.ts';

const candidate = {
  ...{ node: 'gpu0', kind: 'resident', totalMs: 1_530, waitMs: 0, loadMs: 0, prefillMs: 30, decodeMs: 1_500 },
  ...{ evictionMs: 0, cachedTokens: 1_100, numCtx: 8_192, evict: [], startable: true },
};

const story = {
  ...{ requestId: 'r1', model: 'llama:8b', arrivedAt: '2026-01-01T00:00:00.000Z' },
  ...{ promptTokens: 1_234, expectedOutputTokens: 150 },
  choices: [
    {
      ...{ attempt: 1, node: 'gpu0', policy: 'cost', reason: 'in memory there', afterMs: 12 },
      candidates: [
        candidate,
        {
          ...{ ...candidate, node: 'agx0', kind: 'load', totalMs: 9_000, loadMs: 7_470, cachedTokens: 0 },
          evict: ['old:latest', 'x:1b'],
        },
      ],
      excluded: [{ node: 'pi', reason: 'it has not got the model' }],
      otherwise: 'agx0 would have been chosen had it had the model in memory.',
    },
  ],
  outcome: {
    ...{ status: 'ok', node: 'gpu0', attempts: 1, queueMs: 12, firstTokenMs: 60, totalMs: 1_600 },
    ...{ promptTokens: 1_240, cachedTokens: 1_100, outputTokens: 148 },
  },
} as unknown as Explanation;

const now = Date.parse('2026-01-01T00:02:00.000Z');

it('shows what was weighed, marks what was chosen, and ends with what came of it', () => {
  const text = describeExplanation(story, now);
  expect(text).toBe(
    `Request r1, 2 minutes ago
llama:8b, 1.2k prompt tokens, about 150 to generate

Attempt 1: gpu0, in memory there (cost, after 12 ms)
       NODE    HOW          TOTAL    WAIT    LOAD     PROMPT    OUTPUT    EVICTION    CACHED    CONTEXT    EVICTS
  *    gpu0    in memory    1.5 s    -       -        30 ms     1.5 s     -           1.1k      8192       -
       agx0    load         9.0 s    -       7.5 s    30 ms     1.5 s     -           -         8192       old:latest, x:1b
Not possible:
  pi    it has not got the model
agx0 would have been chosen had it had the model in memory.

Outcome: ok on gpu0, 1 attempt
  waited                12 ms
  first output after    60 ms
  all after             1.6 s
  prompt                1.2k tokens, 1.1k of them cached
  output                148 tokens`,
  );
});

it('tells of a request that runs, and of one that no node was found for', () => {
  const { outcome: _, ...running } = story;
  expect(describeExplanation(running, now)).toMatch(/\n\nIt is not over yet\.$/);
  const { node: _node, ...rest } = story.outcome!;
  const failed = { ...story, choices: [], outcome: { ...rest, node: '', status: 'model_not_found', attempts: 0 } };
  expect(describeExplanation(failed, now)).toMatch(
    /^Request r1, 2 minutes ago\nllama:8b\n\nNo node was chosen for it\.\n\nOutcome: model_not_found, 0 attempts\n/,
  );
});
