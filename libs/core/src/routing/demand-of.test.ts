import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { describe, expect, it } from 'vitest';
import { contextWith } from '../calls.fixture.ts';
import { Priority, Privacy } from '../generate.ts';
import { demandOf, promptTokensOf } from './demand-of.ts';
import type { Demand } from './demand.ts';
import { sharedTokens } from './prefix.ts';
import { plainEstimates } from './routing.fixture.ts';

type Changes = Omit<Extract<MessageInitShape<typeof CallSchema>, { $typeName?: never }>, '$typeName' | '$unknown'>;

function demandFor(changes: Changes, context = contextWith()): Demand {
  return demandOf(create(CallSchema, { model: 'm', ...changes }), context, plainEstimates());
}

const chat = (...texts: string[]): Changes => ({
  kind: {
    case: 'chat',
    value: { messages: texts.map((value) => ({ role: '', parts: [{ kind: { case: 'text', value } }] })) },
  },
});

const words = (count: number, word = 'word'): string => Array(count).fill(word).join(' ');

describe('demandOf', () => {
  it('estimates the prompt by its characters', () => {
    expect(demandFor(chat('x'.repeat(1_000)))).toMatchObject({ promptTokens: 300, promptCharacters: 1_000 });
    const completion: Changes = {
      kind: { case: 'completion', value: { prompt: 'x'.repeat(100), system: 'y'.repeat(100) } },
    };
    expect(demandFor(completion).promptTokens).toBe(60);
    expect(promptTokensOf(create(CallSchema, completion), plainEstimates())).toBe(60);
  });

  it('counts a picture as a fixed number of tokens, and asks for a model that can see', () => {
    const image = { kind: { case: 'media', value: { data: new Uint8Array([1, 2]), mediaType: 'image/png' } } } as const;
    const call: Changes = { kind: { case: 'chat', value: { messages: [{ role: '', parts: [image] }] } } };
    expect(demandFor(call)).toMatchObject({ promptTokens: 256, capabilities: ['completion', 'vision'] });
    expect(demandFor(call).promptCharacters).toBeUndefined();
  });

  it('counts the pictures of a raw prompt, and the tokens that it goes on from', () => {
    const images = [1, 2].map((byte) => ({ data: new Uint8Array([byte]), mediaType: 'image/png' }));
    const completion = (value: object): Demand =>
      demandFor({ kind: { case: 'completion', value: { prompt: 'x'.repeat(100), ...value } } });
    expect(completion({ images })).toMatchObject({ promptTokens: 30 + 512, capabilities: ['completion', 'vision'] });
    expect(completion({ context: [1, 2, 3] })).toMatchObject({ promptTokens: 33, capabilities: ['completion'] });
    expect(completion({ suffix: 'y'.repeat(100) })).toMatchObject({ promptTokens: 60, promptCharacters: 200 });
    expect(completion({ context: [1] }).promptCharacters).toBeUndefined();
  });

  it('counts all that is said: roles, thoughts, tools and their calls', () => {
    const message = { role: 'user', thinking: 'hmm', toolCalls: [{ name: 'fn', argumentsJson: '{"a":1}' }] };
    const tools = [{ name: 'f', description: 'does it', parametersJson: '{}' }];
    const call = (messages: object[], withTools = tools): Demand =>
      demandFor({ kind: { case: 'chat', value: { messages, tools: withTools } } });
    expect(call([message]).promptCharacters).toBe(4 + 3 + 2 + 7 + 1 + 7 + 2);
    expect(call([message], []).promptCharacters).toBe(4 + 3 + 2 + 7);
  });

  it('needs no model that sees for a sound, and counts all that is no text', () => {
    const part = (mediaType: string) =>
      ({ kind: { case: 'media', value: { data: new Uint8Array([1]), mediaType } } }) as const;
    const call = (...types: string[]) =>
      demandFor({
        kind: {
          case: 'chat',
          value: {
            messages: [
              { role: '', parts: types.map(part) },
              { role: '', parts: types.map(part) },
            ],
          },
        },
      });
    expect(call('audio/wav')).toMatchObject({ promptTokens: 512, capabilities: ['completion'] });
    expect(call('audio/wav', 'image/png')).toMatchObject({
      promptTokens: 1_024,
      capabilities: ['completion', 'vision'],
    });
    expect(call('').capabilities).toEqual(['completion', 'vision']);
  });

  it('asks for tools if it brings some', () => {
    const call: Changes = { kind: { case: 'chat', value: { messages: [{ role: 'user' }], tools: [{ name: 'f' }] } } };
    expect(demandFor(call).capabilities).toEqual(['completion', 'tools']);
  });

  it.each(['"none"', '"required"', '{"type":"function","function":{"name":"f"}}'])(
    'asks for none where the model has no choice: %s',
    (toolChoiceJson) => {
      const value = { messages: [{ role: 'user' }], tools: [{ name: 'f' }], toolChoiceJson };
      expect(demandFor({ kind: { case: 'chat', value } }).capabilities).toEqual(['completion']);
    },
  );

  it('needs the context of the longest text only, to embed several; of none, if they may be cut', () => {
    const inputs = ['x'.repeat(1_000), 'x'.repeat(2_000)];
    expect(demandFor({ kind: { case: 'embed', value: { inputs } } })).toMatchObject({
      kind: 'embed',
      capabilities: ['embedding'],
      promptTokens: 900,
      contextTokens: 600,
      maxOutputTokens: 0,
    });
    expect(demandFor({ kind: { case: 'embed', value: { inputs, truncate: true } } }).contextTokens).toBe(0);
  });

  it('knows when nothing will be generated, or without limit', () => {
    expect(demandFor(chat()).maxOutputTokens).toBe(0);
    expect(demandFor(chat('x')).maxOutputTokens).toBe(Infinity);
    expect(demandFor({ ...chat('x'), numPredict: -1 }).maxOutputTokens).toBe(Infinity);
    expect(demandFor({ ...chat('x'), numPredict: 7 }).maxOutputTokens).toBe(7);
    expect(demandFor({ ...chat('x'), numPredict: 0 }).maxOutputTokens).toBe(0);
    const goesOn: Changes = { kind: { case: 'completion', value: { prompt: '', context: [1] } } };
    expect(demandFor(goesOn).maxOutputTokens).toBe(Infinity);
    expect(demandFor({}).maxOutputTokens).toBe(0);
  });

  it('takes the context length that is asked for, or that is needed; zeros are no wish', () => {
    expect(demandFor({ ...chat('x'), numCtx: { preferred: 8_192, min: 100 } }).numCtx).toBe(8_192);
    expect(demandFor({ ...chat('x'), numCtx: { min: 100 } }).numCtx).toBe(100);
    expect(demandFor({ ...chat('x'), numCtx: {} }).numCtx).toBeUndefined();
  });

  it('says whose work it is and where it may go', () => {
    const context = contextWith({ pin: 'gpu0', tier: 1, priority: Priority.UNSPECIFIED, privacy: Privacy.UNSPECIFIED });
    expect(demandFor(chat('x'), context)).toMatchObject({
      model: 'm:latest',
      tenant: 'local',
      node: 'gpu0',
      tier: 1,
      priority: Priority.DEFAULT,
      privacy: Privacy.CLUSTER,
    });
    const named = contextWith({ priority: Priority.BATCH, privacy: Privacy.ANY });
    expect(demandFor(chat('x'), named)).toMatchObject({ priority: Priority.BATCH, privacy: Privacy.ANY });
    expect(demandFor(chat('x'))).not.toHaveProperty('digest');
    expect(demandFor({ ...chat('x'), digest: 'd' }).digest).toBe('d');
  });
});

describe('prefixes', () => {
  const shared = (one: Changes, other: Changes): number => sharedTokens(demandFor(one).prefix, demandFor(other).prefix);

  it('of a conversation and its next turn are shared up to the end of the first', () => {
    const [system, question] = [words(100), words(50)];
    const first = demandFor(chat(system, question));
    expect(shared(chat(system, question), chat(system, question, 'answer', 'next'))).toBe(first.promptTokens);
    expect(shared(chat(system, 'another'), chat(system, question))).toBe(Math.ceil(system.length * 0.3));
  });

  it('of raw prompts are shared up to the end of the system prompt', () => {
    const completion = (prompt: string, suffix = ''): Changes => ({
      kind: { case: 'completion', value: { system: words(100), prompt, suffix } },
    });
    expect(shared(completion('one'), completion('two'))).toBe(Math.ceil(words(100).length * 0.3));
    expect(shared(completion('one', 'a'), completion('one', 'b'))).toBe(Math.ceil(words(100).length * 0.3));
  });

  it('of the same words are not shared where roles or tools are others', () => {
    const said = (role: string, tool = 'f'): Changes => ({
      kind: {
        case: 'chat',
        value: { messages: [{ role, parts: [{ kind: { case: 'text', value: 'hello' } }] }], tools: [{ name: tool }] },
      },
    });
    expect(shared(said('user'), said('user'))).toBeGreaterThan(0);
    expect(shared(said('user'), said('system'))).toBe(0);
    expect(shared(said('user'), said('user', 'g'))).toBe(0);
  });

  it('of different prompts are not shared', () => {
    expect(shared(chat('one'), chat('two'))).toBe(0);
    expect(shared(chat('ab', 'c'), chat('a', 'bc'))).toBe(0);
  });

  it('of long texts are shared as far as they agree, to within a thousand characters', () => {
    const text = words(2_000);
    const completion = (prompt: string): Changes => ({ kind: { case: 'completion', value: { prompt } } });
    const agreed = shared(completion(`${text} one`), completion(`${text} two, and more`));
    expect(agreed).toBeGreaterThan((text.length - 1_024) * 0.3 - 1);
    expect(agreed).toBeLessThanOrEqual(text.length * 0.3);
  });

  it('are bounded', () => {
    expect(demandFor(chat('x'.repeat(3_000_000))).prefix.length).toBeLessThanOrEqual(512);
  });
});
