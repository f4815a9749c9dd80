import { expect, test } from 'vitest';
import { z } from 'zod';
import { ClusterError } from '../error.ts';
import { askFor, readJson } from './ask-for.ts';
import { promptOf } from './models.fixture.ts';
import type { Pattern } from './pattern.ts';
import { scripted, startRun, untilSettled, virtualClock, type Script } from './run.fixture.ts';

const shape = z.object({ verdict: z.enum(['yes', 'no']) });

const asking: Pattern = {
  name: 'asking',
  parse: (body) => body,
  estimate: () => ({ calls: 2, tokens: 1, models: 1 }),
  async *run(_input, context) {
    const messages = [{ role: 'user' as const, content: 'q' }];
    const answer = await askFor(
      context,
      'judge',
      { model: 'm', messages, label: { role: 'judge' }, maxTokens: 50 },
      shape,
    );
    yield { kind: 'read', verdict: answer?.verdict };
    return { text: answer?.verdict ?? 'abstained' };
  },
};

async function run(script: Script) {
  const clock = virtualClock();
  const models = scripted(clock, { m: script });
  const { execution } = startRun({ pattern: asking, generate: models.generate, clock });
  return { ...(await untilSettled(clock, execution.ended)), asked: models.asked };
}

test('asks under the schema, once, when the answer fits', async () => {
  const end = await run((call) => {
    const schema = call.format?.kind.case === 'schemaJson' ? call.format.kind.value : '';
    return JSON.parse(schema).properties.verdict.enum.join() === 'yes,no' ? '{"verdict":"yes"}' : 'no schema';
  });
  expect(end).toMatchObject({ result: { text: 'yes' }, asked: ['judge'] });
});

test('prose is repaired once, with what was wrong', async () => {
  const end = await run((call, asked) => {
    if (asked === 1) return 'I would say {"verdict":"maybe"}';
    return promptOf(call).includes('verdict') ? 'So: {"verdict":"no"}' : '';
  });
  expect(end).toMatchObject({ result: { text: 'no' }, asked: ['judge', 'judge.repair'] });
});

test.each([
  ['prose', () => 'I cannot say', 2],
  ['nothing', () => '', 2],
  ['an error', () => new ClusterError('upstream_error', 'broke'), 1],
])('a model that answers %s abstains, and the run says so', async (_what, script, calls) => {
  const end = await run(script);
  expect(end).toMatchObject({ state: 'COMPLETED', result: { text: 'abstained', degraded: [expect.any(String)] } });
  expect(end.asked).toHaveLength(calls);
});

test.each([
  ['{"verdict":"yes"}', 'yes'],
  ['Sure!\n```json\n{"verdict": "no"}\n```\nBye.', 'no'],
  ['<think>{"verdict":"no"}</think>{"verdict":"yes"}', 'yes'],
  ['{broken {"verdict":"yes"} [', 'yes'],
  ['{"a":"}"} then {"verdict":"no","more":1}', 'no'],
  ['{"verdict":"perhaps"}', undefined],
  ['{'.repeat(50_000), undefined],
])('reads %.40s', (text, verdict) => {
  const read = readJson(text, shape);
  expect('value' in read ? read.value.verdict : undefined).toBe(verdict);
});
