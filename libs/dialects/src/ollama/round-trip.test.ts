import { create, equals, type MessageInitShape } from '@bufbuild/protobuf';
import { CallSchema, type MessageSchema } from '@tutti/proto/tutti/agent/v1/call';
import { describe, expect, it } from 'vitest';
import { objectText } from '../json/text.ts';
import { seeded, type Seeded } from '../seeded.fixture.ts';
import { parseChat, parseGenerate, renderRequest } from './index.ts';

/** What a call carries as raw text: an object whose values are any JSON. */
function anyObject({ below, json, some }: Seeded, prefix: string): string {
  const pairs = some(3, () => [`${prefix}${below(100)}`, json(3)] as const).filter(([, raw]) => raw !== 'null');
  return pairs.length === 0 ? '' : objectText(new Map(pairs));
}

function anyMessage(chance: Seeded): MessageInitShape<typeof MessageSchema> {
  const { below, pick, some, text } = chance;
  const words = text();
  const images = some(2, () => ({ data: Uint8Array.from(some(9, () => below(256))) }));
  return {
    role: pick(['system', 'user', 'assistant', 'tool']),
    parts: [
      ...images.map((value) => ({ kind: { case: 'media', value } }) as const),
      ...(words === '' ? [] : [{ kind: { case: 'text', value: words } } as const]),
    ],
    thinking: text(),
    toolCalls: some(2, () => ({
      index: below(9),
      id: text(),
      name: text(),
      argumentsJson: anyObject(chance, 'a') || '{}',
      extraJson: anyObject(chance, 'x'),
    })),
    toolName: text(),
    toolCallId: text(),
    extraJson: anyObject(chance, 'x'),
  };
}

function anyCall(chance: Seeded): MessageInitShape<typeof CallSchema> {
  const { below, pick, some, text } = chance;
  const tool = () => ({
    name: text(),
    description: text(),
    parametersJson: anyObject(chance, 'p'),
    extraJson: anyObject(chance, 'x'),
  });
  return {
    dialect: 'ollama',
    model: `m${text()}`,
    numCtx: pick([undefined, { preferred: 4 + below(100_000) }]),
    numPredict: pick([undefined, -1, below(1_000)]),
    keepAliveMs: pick([undefined, -1, 0, below(1e9), below(1e6) / 8]),
    think: pick([undefined, 'true', 'false', 'low', 'medium', 'high', 'max']),
    logprobs: pick([undefined, 0, 20]),
    format: pick([
      undefined,
      { kind: { case: 'json', value: true } },
      { kind: { case: 'schemaJson', value: anyObject(chance, 's') || '{}' } },
    ] as const),
    optionsJson: anyObject(chance, 'o'),
    kind: pick([
      { case: 'chat', value: { messages: some(4, () => anyMessage(chance)), tools: some(3, tool) } },
      {
        case: 'completion',
        value: {
          prompt: text(),
          suffix: pick([undefined, text()]),
          system: pick([undefined, '', text()]),
          template: pick([undefined, text()]),
          images: some(2, () => ({ data: Uint8Array.of(below(256)) })),
          context: some(5, () => below(100_000)),
        },
      },
    ] as const),
    extraJson: objectText([
      ['shift', 'true'],
      ['truncate', pick(['true', 'false'])],
      ['x', '1.0'],
    ]),
  };
}

describe('a call', () => {
  it('is the same after it was sent to Ollama and read there', () => {
    for (let seed = 1; seed <= 1_000; seed++) {
      const call = create(CallSchema, anyCall(seeded(seed)));
      const { path, body } = renderRequest(call, { stream: true });
      const read = path === '/api/chat' ? parseChat(body) : parseGenerate(body);
      if (!equals(CallSchema, read.call, call)) expect(read.call, `seed ${seed}`).toEqual(call);
      expect(read.stream).toBe(true);
    }
  });
});
