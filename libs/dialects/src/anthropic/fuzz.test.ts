import { ClusterError } from '@tutti/core';
import { expect, it } from 'vitest';
import { renderRequest as renderOllama } from '../ollama/index.ts';
import { seeded } from '../seeded.fixture.ts';
import { createEventParser, parseCountTokens, parseMessages, renderRequest } from './index.ts';

/** A request with a place for everything. */
const sound = {
  model: 'm',
  max_tokens: 2_000,
  system: [{ type: 'text', text: 'Be brief.' }],
  messages: [
    { role: 'user', content: [{ type: 'text', text: 'hi' }] },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'hm', signature: 's' },
        { type: 'tool_use', id: 't', name: 'f', input: {} },
      ],
    },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: 'x', is_error: true }] },
  ],
  tools: [{ name: 'f', input_schema: {} }],
  tool_choice: { type: 'tool', name: 'f' },
  thinking: { type: 'enabled', budget_tokens: 1_024 },
  stop_sequences: ['END'],
  output_config: { effort: 'low', format: { type: 'json_schema', schema: {} } },
  metadata: {},
};

/** Places in it, each the keys from the top. */
const places: string[][] = placesIn(sound, []);

it('whatever stands in a request, it is refused by name or becomes a call that can be sent', () => {
  let calls = 0;
  for (let seed = 1; seed <= 3_000; seed++) {
    const { pick, json, below } = seeded(seed);
    const body = structuredClone(sound);
    for (let wrong = below(3); wrong >= 0; wrong--) put(body, pick(places), JSON.parse(json(3)));
    const text = JSON.stringify(body);
    for (const parse of [(one: string) => parseMessages(one).call, parseCountTokens]) {
      const call = errorsOf(seed, () => parse(text));
      if (!call) continue;
      calls += 1;
      errorsOf(seed, () => renderOllama(call, { stream: true }));
      const sent = errorsOf(seed, () => renderRequest(call, { model: 'm' }));
      if (sent) expect(() => JSON.parse(sent.body), `seed ${seed}`).not.toThrow();
    }
  }
  expect(calls).toBeGreaterThan(100);
});

it('whatever a server sends, it becomes chunks or an error of ours', () => {
  const types = ['message_start', 'content_block_start', 'content_block_delta', 'content_block_stop', 'message_delta'];
  for (let seed = 1; seed <= 3_000; seed++) {
    const { pick, json } = seeded(seed);
    const parser = createEventParser();
    for (const type of [pick(types), pick(types), pick(types), 'message_stop']) {
      const fields = `"index":0,"delta":${json(2)},"content_block":${json(2)},"usage":${json(2)},"message":${json(2)}`;
      errorsOf(seed, () => parser.line(`data: {"type":"${type}",${fields}}`));
    }
  }
});

/** Undefined: it threw an error of ours, with words for the client. */
function errorsOf<T>(seed: number, act: () => T): T | undefined {
  try {
    return act();
  } catch (thrown) {
    expect(thrown, `seed ${seed}: ${String(thrown)}`).toBeInstanceOf(ClusterError);
    expect((thrown as ClusterError).reason, `seed ${seed}`).not.toBe('internal');
    return undefined;
  }
}

function placesIn(value: unknown, path: readonly string[]): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [[...path, key], ...placesIn(inner, [...path, key])]);
}

/** Nothing if another wrong value is in the way. */
function put(body: object, path: readonly string[], value: unknown): void {
  let holder: unknown = body;
  for (const key of path.slice(0, -1)) holder = (holder as Record<string, unknown> | null | undefined)?.[key];
  if (typeof holder === 'object' && holder !== null) Reflect.set(holder, path.at(-1)!, value);
}
