import { toJson } from '@bufbuild/protobuf';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import type { Delta } from '@tutti/proto/tutti/agent/v1/chunk';
import { describe, expect, it } from 'vitest';
import { goldenFiles } from '../golden.fixture.ts';
import { renderRequest } from '../ollama/index.ts';
import {
  chatCompletionStream,
  completionStream,
  parseCompletion,
  parseEmbeddings,
  renderChatCompletion,
  renderCompletion,
  renderEmbeddings,
} from './index.ts';

const folder = new URL('golden/', import.meta.url);
const golden = goldenFiles(folder);
const extra = { tutti: { node: 'agx0', attempts: 1 } };
const facts = () => ({ id: 'cmpl-1', created: 1_767_323_045, model: 'm', toolCallId: () => 'call_made', echoes: [] });

describe.each([
  ['completions', parseCompletion],
  ['embeddings', parseEmbeddings],
] as const)('a request for %s', (kind, parse) => {
  const { names, read } = goldenFiles(new URL(`${kind}/`, folder));

  it.each(names('.request.txt'))('%s becomes the call, and is sent to Ollama to the byte', (name) => {
    const { call } = parse(read(`${name}.request.txt`));
    expect(toJson(CallSchema, call)).toEqual(JSON.parse(read(`${name}.call.json`)));
    expect(`${renderRequest(call, { stream: true }).body}\n`).toBe(read(`${name}.sent.txt`));
  });
});

describe('a request for several completions', () => {
  const { call, callOf, ...asked } = parseCompletion(golden.read('completions/all-fields.request.txt'));

  it('tells what is wanted of the answer', () => {
    expect(asked).toMatchObject({ stream: true, includeUsage: true, count: 4, echoes: [] });
  });

  it('is one call for each answer to each prompt, with seeds that differ', () => {
    const calls = [0, 1, 2, 3].map((choice) => callOf(call, choice));
    expect(calls.map(({ kind }) => kind.case === 'completion' && kind.value.prompt)).toEqual([
      'def f(',
      'def f(',
      'def g(',
      'def g(',
    ]);
    expect(calls.map(({ optionsJson }) => /"seed":(\d+)/.exec(optionsJson)?.[1])).toEqual(['41', '42', '41', '42']);
    expect(new Set(calls.map(({ optionsJson }) => optionsJson.includes('"temperature":0.10')))).toEqual(
      new Set([true]),
    );
  });
});

describe('a completion', () => {
  const { deltas, done } = golden.answer('completions/words');

  it('is streamed to the byte', () => {
    const stream = completionStream({ ...facts(), includeUsage: true });
    const events = [stream.start(), ...deltas.map((delta) => stream.delta(delta)), stream.finish(done, extra)];
    expect(events.join('')).toBe(golden.read('completions/words.events.txt'));
  });

  it('is one object to the byte', () => {
    expect(`${renderCompletion(facts(), deltas, done, extra)}\n`).toBe(golden.read('completions/words.whole.txt'));
  });
});

it.each(['base64', 'float'] as const)('vectors are written as %s to the byte', (encoding) => {
  const { deltas, done } = golden.answer('embeddings/vectors');
  expect(`${renderEmbeddings('m', encoding, deltas, done, extra)}\n`).toBe(
    golden.read(`embeddings/vectors.${encoding}.txt`),
  );
});

describe('two answers, with a tier, in the words of before there were tools', () => {
  const { deltas, done } = golden.answer('choices/legacy');
  const [, , other, end] = deltas;
  const several = {
    ...facts(),
    ...{ serviceTier: 'flex', legacyFunctions: true },
    choices: {
      count: 2,
      of: (delta: Delta) => (delta === other || delta === end ? 1 : 0),
      endsWith: (delta: Delta) => delta === end,
      reasonOf: (choice: number) => (choice === 1 ? 'length' : 'stop'),
    },
  };

  it.each([true, false])('are streamed to the byte, with usage: %s', (includeUsage) => {
    const stream = chatCompletionStream({ ...several, includeUsage });
    const events = [stream.start(), ...deltas.map((delta) => stream.delta(delta)), stream.finish(done, extra)];
    expect(events.join('')).toBe(golden.read(`choices/legacy.${includeUsage ? 'counted' : 'events'}.txt`));
  });

  it('of older completions stand behind what was asked', () => {
    const { choices } = several;
    const stream = completionStream({ ...facts(), choices, echoes: ['a', 'b'], includeUsage: false });
    const events = [stream.start(), ...deltas.map((delta) => stream.delta(delta)), stream.finish(done, extra)];
    expect(events.join('')).toBe(golden.read('choices/completions.events.txt'));
  });

  it('are one object to the byte', () => {
    expect(`${renderChatCompletion(several, deltas, done, extra)}\n`).toBe(golden.read('choices/legacy.whole.txt'));
  });
});
