import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { model, startRig, type Rig } from './rig.ts';

let rig: Rig;
let takeBack: (() => void)[] = [];
let asked = 0;

/** A prompt that kills two nodes is let through nowhere any more, so each is another. */
const newMessages = () => [{ role: 'user' as const, content: `question ${++asked}` }];

/** Each node answers: its model is in memory, it has failed nobody since, and a fifth of the calls may be retried. */
const answerOnEach = () =>
  Promise.all(
    Array.from({ length: 5 }, () => ['node0', 'node1'])
      .flat()
      .map(async (node) => {
        const headers = { 'x-tutti-node': node };
        const body = { model, messages: newMessages(), stream: false };
        expect((await rig.post('/api/chat', body, { headers })).status).toBe(200);
      }),
  );

beforeAll(async () => {
  rig = await startRig({ answer: () => 'the whole answer', tokenDelayMs: 1 });
  await answerOnEach();
});

afterEach(async () => {
  for (const mend of takeBack) mend();
  takeBack = [];
  await answerOnEach();
});

afterAll(() => rig.stop());

type Fault = Parameters<Rig['fakes'][number]['fail']>[0];

const chatRequests = (): number[] =>
  rig.fakes.map((fake) => fake.requests.filter(({ path }) => path === '/api/chat').length);

function failEverywhere(fault: Fault, afterTokens: number): void {
  takeBack = rig.fakes.map((fake) => fake.fail(fault, { times: Infinity, afterTokens }));
}

it.each([
  'http500',
  'garbage',
  'halfLine',
  'longLine',
  'endWithoutDone',
  'errorLine',
  'reset',
  'refuse',
  'busy',
  'noModel',
] as const)(
  'a backend that fails before the first token (%s) is passed over, and the last word is a clear error',
  async (fault) => {
    const before = chatRequests();
    failEverywhere(fault, 0);
    const failed = await rig.post('/api/chat', { model, messages: newMessages() });
    expect(failed.status).toBeGreaterThanOrEqual(400);
    expect(await failed.json()).toEqual({ error: expect.stringMatching(/\S/) as string });
    const [first = 0, second = 0] = chatRequests().map((count, i) => count - before[i]!);
    // The second one only while the budget for retries lasts: it must not keep an outage alive.
    expect(Math.max(first, second)).toBe(1);
  },
);

it.each(['http500', 'reset', 'endWithoutDone', 'busy'] as const)(
  'one backend that fails (%s) before the first token is not noticed',
  async (fault) => {
    takeBack = [rig.fakes[0]!.fail(fault, { times: Infinity, afterTokens: 0 })];
    const answers = await Promise.all([1, 2].map(() => rig.ollama.chat({ model, messages: newMessages() })));
    expect(answers.map((answer) => answer.message.content)).toEqual(['the whole answer', 'the whole answer']);
  },
);

it.each(['halfLine', 'longLine', 'endWithoutDone', 'errorLine', 'reset'] as const)(
  'a backend that fails in the middle of an answer (%s) ends it with an error, never in silence',
  async (fault) => {
    failEverywhere(fault, 2);
    const ollama = await rig.post('/api/chat', { model, messages: newMessages() });
    const lines = (await ollama.text()).trimEnd().split('\n');
    expect(ollama.status).toBe(200);
    expect(lines[0]).toContain('"message"');
    expect(JSON.parse(lines.at(-1)!)).toEqual({ error: expect.stringMatching(/\S/) as string });

    const openai = await rig.post('/v1/chat/completions', { model, messages: newMessages(), stream: true });
    const events = (await openai.text()).trimEnd().split('\n\n');
    expect(events[0]).toContain('"role":"assistant"');
    expect(events.at(-1)).toMatch(/^data: \{"error":\{"message":"/);
  },
);
