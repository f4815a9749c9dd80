import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { messages, model, startRig, type Rig } from './rig.ts';

let rig: Rig;
let takeBack: (() => void)[] = [];

beforeAll(async () => {
  rig = await startRig({ answer: () => 'the whole answer', tokenDelayMs: 1 });
});

afterEach(() => {
  for (const mend of takeBack) mend();
  takeBack = [];
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
    const failed = await rig.post('/api/chat', { model, messages });
    expect(failed.status).toBeGreaterThanOrEqual(400);
    expect(await failed.json()).toEqual({ error: expect.stringMatching(/\S/) as string });
    expect(chatRequests()).toEqual(before.map((count) => count + 1));
  },
);

it.each(['http500', 'reset', 'endWithoutDone', 'busy'] as const)(
  'one backend that fails (%s) before the first token is not noticed',
  async (fault) => {
    takeBack = [rig.fakes[0]!.fail(fault, { times: Infinity, afterTokens: 0 })];
    const answers = await Promise.all([1, 2].map(() => rig.ollama.chat({ model, messages })));
    expect(answers.map((answer) => answer.message.content)).toEqual(['the whole answer', 'the whole answer']);
  },
);

it.each(['halfLine', 'longLine', 'endWithoutDone', 'errorLine', 'reset'] as const)(
  'a backend that fails in the middle of an answer (%s) ends it with an error, never in silence',
  async (fault) => {
    failEverywhere(fault, 2);
    const ollama = await rig.post('/api/chat', { model, messages });
    const lines = (await ollama.text()).trimEnd().split('\n');
    expect(ollama.status).toBe(200);
    expect(lines[0]).toContain('"message"');
    expect(JSON.parse(lines.at(-1)!)).toEqual({ error: expect.stringMatching(/\S/) as string });

    const openai = await rig.post('/v1/chat/completions', { model, messages, stream: true });
    const events = (await openai.text()).trimEnd().split('\n\n');
    expect(events[0]).toContain('"role":"assistant"');
    expect(events.at(-1)).toMatch(/^data: \{"error":\{"message":"/);
  },
);
