import { ClusterError, done, type Call, type Context, type Generate } from '@tutti/core';
import { describe, expect, it } from 'vitest';
import { elements, members } from '../json/spans.ts';
import { arrayText, objectText } from '../json/text.ts';
import { renderRequest } from '../ollama/index.ts';
import { seeded, type Seeded } from '../seeded.fixture.ts';
import { withToolChoice } from '../tool-choice/index.ts';
import { callOfChoice, parseChatCompletion, parseCompletion, parseEmbeddings } from './index.ts';

const tools = [{ type: 'function', function: { name: 'f', parameters: { type: 'object', $defs: { a: {} } } } }];

const chat = {
  model: 'm@ctx=8k',
  messages: [
    { role: 'system', content: 'x' },
    { role: 'assistant', content: null, tool_calls: [{ id: 'c', function: { name: 'f', arguments: '{}' } }] },
    { role: 'function', name: 'f', content: [{ type: 'text', text: 'y' }] },
    { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://a.test/b' } }] },
  ],
  ...{ tools, tool_choice: 'required', parallel_tool_calls: false, functions: null, function_call: null },
  ...{ n: 2, stream: true, stream_options: { include_usage: true }, service_tier: 'flex', user: 'u', metadata: {} },
  ...{ seed: 1, stop: ['a'], top_k: 1, max_tokens: 1, logprobs: true, top_logprobs: 2, reasoning_effort: 'low' },
  ...{ response_format: { type: 'json_schema', json_schema: { schema: {}, strict: true } }, logit_bias: {} },
  ...{ extra_body: { num_ctx: 4, keep_alive: '1m', think: true, options: { num_predict: 1 } }, modalities: ['text'] },
};

const completion = {
  ...{ model: 'm', prompt: ['a', 'b'], suffix: 'c', n: 2, best_of: 2, echo: false, logprobs: 1, stream: true, seed: 1 },
  ...{ stop: 'x', stream_options: {}, service_tier: 'auto', options: {}, extra_body: {} },
};

const embeddings = { model: 'm', input: ['a', 'b'], encoding_format: 'base64', dimensions: 2, num_ctx: 4, user: 'u' };

/** The same JSON with some values, anywhere in it, replaced by others. */
function damaged(raw: string, chance: Seeded): string {
  if (chance.random() < 0.03) return chance.json(3);
  if (raw.startsWith('{')) return objectText(members(raw).map(([key, value]) => [key, damaged(value, chance)]));
  if (raw.startsWith('[')) return arrayText(elements(raw).map((element) => damaged(element, chance)));
  return raw;
}

const nothing: Generate = async function* (call) {
  JSON.parse(renderRequest(call, { stream: true }).body);
  yield done({ reason: 'length' });
};

/** Runs a call as a backend without tool_choice does. */
async function send(call: Call): Promise<void> {
  for await (const _ of withToolChoice(nothing)(call, {} as Context));
}

/** "sent", or the message of the refusal; anything else is thrown. */
async function outcome(parse: () => Call[]): Promise<string> {
  try {
    for (const call of parse()) await send(call);
    return 'sent';
  } catch (thrown) {
    if (thrown instanceof ClusterError && thrown.http === 400) return thrown.message;
    throw thrown;
  }
}

describe.each([
  [
    'chat completions',
    chat,
    (text: string) => {
      const { call, count } = parseChatCompletion(text);
      return [call, callOfChoice(call, count - 1)];
    },
  ],
  [
    'completions',
    completion,
    (text: string) => {
      const { call, count, callOf } = parseCompletion(text);
      return Array.from({ length: count }, (_, choice) => callOf(call, choice));
    },
  ],
  ['embeddings', embeddings, (text: string) => [parseEmbeddings(text).call]],
] as const)('any body for %s', (_, sound, parse) => {
  it('is sent as it should be', async () => {
    expect(await outcome(() => parse(JSON.stringify(sound)))).toBe('sent');
  });

  it('is sent or refused, and nothing else happens', async () => {
    const outcomes = new Set<string>();
    for (let seed = 1; seed <= 2_000; seed += 1) {
      const text = damaged(JSON.stringify(sound), seeded(seed));
      try {
        outcomes.add(await outcome(() => parse(text)));
      } catch (cause) {
        throw new Error(`seed ${seed}: ${text}`, { cause });
      }
    }
    expect(outcomes).toContain('sent');
    expect(outcomes.size).toBeGreaterThan(10);
  });
});
