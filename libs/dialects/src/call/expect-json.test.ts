import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { describe, expect, it } from 'vitest';
import { expectJson } from './index.ts';

type CallInit = MessageInitShape<typeof CallSchema>;

/** For each field that holds JSON, a call in which it holds a text. */
const fields: readonly (readonly [path: string, (text: string) => CallInit])[] = [
  ['optionsJson', (optionsJson) => ({ optionsJson })],
  ['extraJson', (extraJson) => ({ extraJson })],
  ['format.schemaJson', (value) => ({ format: { kind: { case: 'schemaJson', value } } })],
  ['chat.toolChoiceJson', (toolChoiceJson) => chat({ toolChoiceJson })],
  ['chat.tools[1].parametersJson', (parametersJson) => chat({ tools: [{}, { parametersJson }] })],
  ['chat.tools[0].extraJson', (extraJson) => chat({ tools: [{ extraJson }] })],
  ['chat.messages[1].extraJson', (extraJson) => chat({ messages: [{}, { extraJson }] })],
  [
    'chat.messages[0].toolCalls[1].argumentsJson',
    (argumentsJson) => chat({ messages: [{ toolCalls: [{}, { argumentsJson }] }] }),
  ],
  ['chat.messages[0].toolCalls[0].extraJson', (extraJson) => chat({ messages: [{ toolCalls: [{ extraJson }] }] })],
];

function chat(value: Extract<NonNullable<CallInit['kind']>, { case: 'chat' }>['value']): CallInit {
  return { kind: { case: 'chat', value } };
}

function check(call: CallInit): void {
  expectJson(create(CallSchema, call));
}

describe('expectJson', () => {
  it.each(fields)('wants one object in %s', (path, holding) => {
    check(holding('{"a": [1.0, {}]}'));
    for (const text of ['{},"model":"other"', '{}}', '{"a":1', 'nothing', '[]', '1', 'true', 'null', '" "']) {
      expect(() => check(holding(text)), text).toThrow(
        expect.objectContaining({ reason: 'invalid_request', param: path }),
      );
    }
  });

  it('knows of each field that holds JSON', () => {
    const named = new Set(fields.map(([path]) => path.split('.').at(-1)));
    const there = new Set<string>();
    const visit = (schema: typeof CallSchema, seen = new Set<string>()): void => {
      if (seen.has(schema.typeName)) return;
      seen.add(schema.typeName);
      for (const { localName, message } of schema.fields) {
        if (localName.endsWith('Json')) there.add(localName);
        if (message) visit(message as typeof CallSchema, seen);
      }
    };
    visit(CallSchema);
    expect(named).toEqual(there);
  });

  it('takes what is not there, and the words of a tool choice', () => {
    check({ model: 'm' });
    check(chat({ messages: [{ toolCalls: [{}] }], tools: [{}] }));
    for (const word of ['auto', 'none', 'required']) check(chat({ toolChoiceJson: `"${word}"` }));
    expect(() => check({ format: { kind: { case: 'schemaJson', value: '' } } })).toThrow('format.schemaJson');
  });

  it.each([
    ['optionsJson.seed', { optionsJson: '{"seed":"x"}' }],
    ['dialect', { dialect: 'other' }],
    ['keepAliveMs', { keepAliveMs: Number.NaN }],
  ])('wants in %s what a backend can read', (param, call) => {
    expect(() => check(call)).toThrow(expect.objectContaining({ reason: 'invalid_request', param }));
  });
});
