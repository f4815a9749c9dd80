import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { describe, expect, it } from 'vitest';
import { contextWith } from '../calls.fixture.ts';
import { Priority, Privacy } from '../generate.ts';
import { demandOf } from './demand-of.ts';
import type { Demand } from './demand.ts';
import { sharedTokens } from './prefix.ts';
import { plainEstimates } from './routing.fixture.ts';
import { runnerOptionsOf } from './runner-options.ts';

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
  });

  it('counts a picture as a fixed number of tokens, and asks for a model that can see', () => {
    const image = { kind: { case: 'media', value: { data: new Uint8Array([1, 2]), mediaType: 'image/png' } } } as const;
    const call: Changes = { kind: { case: 'chat', value: { messages: [{ role: '', parts: [image] }] } } };
    expect(demandFor(call)).toMatchObject({ promptTokens: 256, capabilities: ['completion', 'vision'] });
    expect(demandFor(call).promptCharacters).toBeUndefined();
  });

  it('asks for tools if it brings some', () => {
    const call: Changes = { kind: { case: 'chat', value: { messages: [{ role: 'user' }], tools: [{ name: 'f' }] } } };
    expect(demandFor(call).capabilities).toEqual(['completion', 'tools']);
  });

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

describe('runner options', () => {
  it('are told apart from others, in one order', () => {
    expect(runnerOptionsOf('{"temperature":1,"num_gpu":1,"main_gpu":0}')).toBe('{"main_gpu":0,"num_gpu":1}');
    expect(runnerOptionsOf('{"use_mmap":false}')).toBe('{"use_mmap":false}');
  });

  it('of what has none, or is no JSON, are none', () => {
    for (const text of ['', '{}', '{"temperature":1}', '{"num_gpu":"x"}', '{num_gpu', '["num_gpu"]', '"num_gpu"']) {
      expect(runnerOptionsOf(text)).toBe('');
    }
  });
});
