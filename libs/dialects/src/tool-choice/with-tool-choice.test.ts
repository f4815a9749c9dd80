import { create } from '@bufbuild/protobuf';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import type { Call, Chunk, Context, Generate } from '@tutti/core';
import { delta, done, textDelta } from '@tutti/core';
import { describe, expect, it } from 'vitest';
import { withToolChoice } from './index.ts';

const tools = [
  { name: 'look', description: 'Looks.', parametersJson: '{"type":"object","properties":{"at":{"const":1.0}}}' },
  { name: 'wait' },
];

const chat = (toolChoiceJson: string, system?: string): Call =>
  create(CallSchema, {
    model: 'm',
    kind: {
      case: 'chat',
      value: {
        messages: [
          ...(system === undefined ? [] : [{ role: 'system', parts: [text(system)] }]),
          { role: 'user', parts: [text('hi')] },
        ],
        tools,
        toolChoiceJson,
      },
    },
  });

const text = (value: string) => ({ kind: { case: 'text' as const, value } });

/** What the backend got, and what came out. */
async function run(call: Call, said: readonly Chunk[]): Promise<{ got: Call; chunks: Chunk[] }> {
  let got: Call | undefined;
  const backend: Generate = async function* (received) {
    got = received;
    yield* said;
  };
  const chunks: Chunk[] = [];
  for await (const chunk of withToolChoice(backend)(call, {} as Context)) chunks.push(chunk);
  return { got: got!, chunks };
}

const stop = done({ reason: 'stop', usage: { outputTokens: 3 } });
const schemaOf = ({ format }: Call): unknown => JSON.parse(String(format?.kind.value));
const messagesOf = ({ kind }: Call) => (kind.case === 'chat' ? kind.value.messages : []);
const call = (name: string, args: object) => ({
  type: 'object',
  properties: { name: { enum: [name] }, arguments: args },
  required: ['name', 'arguments'],
  additionalProperties: false,
});
const look = call('look', { type: 'object', properties: { at: { const: 1 } } });
const wait = call('wait', { type: 'object' });

describe('a backend without tool_choice', () => {
  it.each(['', '"auto"'])('gets a call with %j as it is', async (choice) => {
    const sent = chat(choice);
    const { got, chunks } = await run(sent, [textDelta('hi'), stop]);
    expect(got).toBe(sent);
    expect(chunks).toHaveLength(2);
  });

  it('is told of no tools with "none"', async () => {
    const { got, chunks } = await run(chat('"none"'), [textDelta('hi'), stop]);
    expect(got.kind).toMatchObject({ value: { tools: [], toolChoiceJson: '' } });
    expect(got.format).toBeUndefined();
    expect(chunks).toHaveLength(2);
  });

  it('is held to a call of any function with "required"', async () => {
    const { got } = await run(chat('"required"'), [textDelta('{"name":"wait","arguments":{}}'), stop]);
    expect(schemaOf(got)).toEqual({ anyOf: [look, wait] });
    // To the byte: a schema's numbers mean what they say.
    expect(String(got.format?.kind.value)).toContain('{"const":1.0}');
    expect(got.kind).toMatchObject({ value: { tools: [], toolChoiceJson: '' } });
    expect(messagesOf(got).map(({ role }) => role)).toEqual(['system', 'user']);
  });

  it('is held to the one that is named, which the system message tells it of', async () => {
    const named = chat('{"type":"function","function":{"name":"look"}}', 'Be brief.');
    const { got } = await run(named, [textDelta('{"name":"look","arguments":{"at":1.0}}'), stop]);
    expect(schemaOf(got)).toEqual(look);
    const [system] = messagesOf(got);
    expect(system?.parts.map(({ kind }) => kind.value)).toEqual([
      'Be brief.',
      expect.stringContaining('"description":"Looks."'),
    ]);
    expect(JSON.stringify(system?.parts[1]?.kind.value)).not.toContain('wait');
  });

  it('is taken at its word: what it writes is the call, to the byte', async () => {
    const written = [delta({ thinking: 'Hm.' }), textDelta('{"name":"look",'), textDelta(' "arguments":{"at": 1.0}}')];
    const { chunks } = await run(chat('"required"'), [...written, stop]);
    expect(chunks.map(({ kind }) => kind.case)).toEqual(['delta', 'delta', 'done']);
    expect(chunks[0]?.kind.value).toMatchObject({ thinking: 'Hm.', text: '' });
    expect(chunks[1]?.kind.value).toMatchObject({
      text: '',
      toolCalls: [{ name: 'look', argumentsJson: '{"at": 1.0}' }],
    });
    expect(chunks[2]).toBe(stop);
  });

  it('makes no call of one that was cut off', async () => {
    const { chunks } = await run(chat('"required"'), [textDelta('{"name":"lo'), done({ reason: 'length' })]);
    expect(chunks.map(({ kind }) => kind.case)).toEqual(['done']);
  });

  it.each(['Sorry, no.', '{"name":"look"}', '{"name":"look","arguments":[]}', '[]', ''])(
    'that writes %j is at fault',
    async (written) => {
      await expect(run(chat('"required"'), [textDelta(written), stop])).rejects.toMatchObject({
        reason: 'bad_upstream',
      });
    },
  );
});

describe('definitions that schemas refer to', () => {
  const referring = (...parameters: readonly string[]): Call => {
    const named = parameters.map((parametersJson, index) => ({ name: `f${index}`, parametersJson }));
    return create(CallSchema, {
      model: 'm',
      kind: { case: 'chat', value: { tools: named, toolChoiceJson: '"required"' } },
    });
  };
  const said = [textDelta('{"name":"f0","arguments":{}}'), stop];
  const schema = (definition: string) =>
    `{"type":"object","properties":{"a":{"$ref":"#/$defs/A"}},"$defs":{"A":${definition}}}`;

  it('stand where they are looked for', async () => {
    const { got } = await run(referring(schema('{"type":"string"}'), schema('{"type":"string"}')), said);
    expect(schemaOf(got)).toMatchObject({ anyOf: [{}, {}], $defs: { A: { type: 'string' } } });
    expect(String(got.format?.kind.value).split('"$defs"')).toHaveLength(2);
  });

  it('cannot mean two things', async () => {
    await expect(run(referring(schema('{"type":"string"}'), schema('{"type":"number"}')), said)).rejects.toMatchObject({
      reason: 'invalid_request',
      param: 'tools',
    });
  });
});
