import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { ClusterError, type Chunk, type Clock, type Context } from '@tutti/core';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { Verb } from '@tutti/proto/tutti/agent/v1/model';
import { systemClock } from '@tutti/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backend } from '../backend.ts';
import { embeddedBackend } from './embedded.ts';
import { smallModel } from './small-model.fixture.ts';

type CallInit = Extract<MessageInitShape<typeof CallSchema>, { $typeName?: never }>;

const model = await smallModel();
const greedy = '{"temperature":0,"repeat_penalty":1}';
const capital = chat('What is the capital of France?');
const answer = 'The capital of France is Paris.';
/** About 1,600 tokens: seconds of reading. */
const longPrompt = 'The quick brown fox jumps over the lazy dog. '.repeat(160);

function chat(...texts: string[]): CallInit {
  const messages = texts.map((text, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    parts: [{ kind: { case: 'text' as const, value: text } }],
  }));
  return { kind: { case: 'chat', value: { messages } }, optionsJson: greedy };
}

function raw(prompt: string): CallInit {
  return { kind: { case: 'completion', value: { prompt, raw: true } }, optionsJson: greedy };
}

describe.skipIf(model === undefined)('embeddedBackend', () => {
  let backend: Backend;
  let onClockRead = () => {};
  const clock: Clock = {
    ...systemClock,
    now() {
      onClockRead();
      return systemClock.now();
    },
  };

  beforeAll(async () => {
    backend = await embeddedBackend({ modelPaths: [model!], clock, threads: 1, contextLength: 2048 });
  });

  afterAll(() => backend.close());

  function start(call: CallInit, signal = new AbortController().signal, from = backend): AsyncIterable<Chunk> {
    return from.generate(create(CallSchema, { model: 'smollm2:135m', ...call }), { signal } as Context);
  }

  async function run(call: CallInit, from = backend) {
    const chunks = await Array.fromAsync(start(call, undefined, from));
    const deltas = chunks.flatMap(({ kind }) => (kind.case === 'delta' ? [kind.value] : []));
    const last = chunks.at(-1)?.kind;
    if (last?.case !== 'done') throw new Error('the answer has no end');
    return { chunks, deltas, text: deltas.map(({ text }) => text).join(''), done: last.value };
  }

  /** How long the call takes to fail once it is aborted, and how it fails. `when` says which chunk to abort after. */
  async function abortAfter(call: CallInit, when: (chunk: Chunk) => boolean | Promise<boolean>) {
    const controller = new AbortController();
    let abortedAt = NaN;
    try {
      for await (const chunk of start(call, controller.signal)) {
        if (!(await when(chunk))) continue;
        abortedAt = performance.now();
        controller.abort();
      }
    } catch (thrown) {
      return { reason: ClusterError.from(thrown).reason, tookMs: performance.now() - abortedAt };
    }
    throw new Error('the call ended by itself');
  }

  it('tells how far loading is, then answers by the chat template of the model, with counts and times', async () => {
    const { chunks, text, deltas, done } = await run(capital);
    expect(chunks[0]?.kind).toMatchObject({ case: 'progress', value: { kind: { case: 'loading' } } });
    expect(text).toBe(answer);
    expect(deltas.length).toBeGreaterThan(5);
    expect(done).toMatchObject({ reason: 'stop', usage: { promptTokens: 16, cachedTokens: 0, outputTokens: 8 } });
    expect(done.timings?.loadMs).toBeGreaterThan(0);
    expect(done.timings?.totalMs).toBeGreaterThan(done.timings!.promptMs! + done.timings!.outputMs!);
  });

  it('gives the same answer again, from a prompt that it has read already', async () => {
    const { text, done } = await run(capital);
    expect(text).toBe(answer);
    expect(done.usage).toMatchObject({ promptTokens: 16, cachedTokens: 15 });
  });

  it('samples by the seed', async () => {
    const tell = (seed: number) =>
      run({ ...chat('Tell me a story.'), numPredict: 16, optionsJson: JSON.stringify({ seed, temperature: 1.2 }) });
    const [first, again, other] = [await tell(7), await tell(7), await tell(8)];
    expect(again.text).toBe(first.text);
    expect(other.text).not.toBe(first.text);
  });

  it('remembers earlier turns', async () => {
    const { text, done } = await run(chat('What is the capital of France?', answer, 'What is the capital of France?'));
    expect(text).toContain('Paris');
    expect(done.usage?.promptTokens).toBe(41);
  });

  it('ends at num_predict with "length", and at a stop text with "stop"', async () => {
    const cut = await run({ ...capital, numPredict: 3 });
    expect(cut).toMatchObject({ text: 'The capital of', done: { reason: 'length', usage: { outputTokens: 3 } } });
    const stopped = await run({ ...capital, optionsJson: '{"temperature":0,"repeat_penalty":1,"stop":["f Fr"]}' });
    const end = { reason: 'stop', extraJson: '{"stop_sequence":"f Fr"}' };
    expect(stopped).toMatchObject({ text: 'The capital o', done: end });
  });

  it('puts a prompt into the chat template, unless it is raw', async () => {
    const templated = await run({
      kind: { case: 'completion', value: { prompt: 'What is the capital of France?' } },
      optionsJson: greedy,
    });
    expect(templated.text).toBe(answer);
    expect(templated.done.context).toHaveLength(16 + 8);
    const continued = await run({ ...raw('The capital of France is'), numPredict: 1 });
    expect(continued).toMatchObject({ text: ' Paris', done: { usage: { promptTokens: 5 } } });
  });

  it('holds an answer to a JSON schema', async () => {
    const schema = {
      type: 'object',
      properties: { age: { type: 'integer' }, name: { anyOf: [{ type: 'string', maxLength: 12 }, { type: 'null' }] } },
      required: ['age', 'name'],
      additionalProperties: false,
    };
    const format = { kind: { case: 'schemaJson' as const, value: JSON.stringify(schema) }, strict: true };
    const { text, done } = await run({ ...chat('Who are you and how old are you?'), format });
    const value = JSON.parse(text) as { age: number; name: string | null };
    expect(Object.keys(value).toSorted()).toEqual(['age', 'name']);
    expect(Number.isInteger(value.age)).toBe(true);
    expect(value.name === null || value.name.length <= 12).toBe(true);
    expect(done.reason).toBe('stop');
  });

  it('holds an answer to any JSON object', async () => {
    const format = { kind: { case: 'json' as const, value: true } };
    const { text } = await run({ ...chat('Describe a person as JSON'), format });
    expect(JSON.parse(text)).toBeTypeOf('object');
  });

  it('makes vectors of length 1, one for each text', async () => {
    const inputs = ['The cat sits on the mat.', 'A cat is on a mat.', 'Stock markets fell sharply today.'];
    const { deltas, done } = await run({ kind: { case: 'embed', value: { inputs } } });
    const vectors = deltas.flatMap(({ embeddings }) => embeddings);
    expect(vectors.map(({ index }) => index)).toEqual([0, 1, 2]);
    for (const { values } of vectors) {
      expect(values).toHaveLength(576);
      expect(Math.hypot(...values)).toBeCloseTo(1, 6);
    }
    expect(vectors[0]!.values).not.toEqual(vectors[2]!.values);
    expect(done).toMatchObject({ reason: 'stop', usage: { promptTokens: 20 } });
  });

  it('shortens vectors, and cuts long texts only if it may', async () => {
    const short = await run({ kind: { case: 'embed', value: { inputs: ['hello'], dimensions: 8 } } });
    expect(short.deltas[0]!.embeddings[0]!.values).toHaveLength(8);
    expect(Math.hypot(...short.deltas[0]!.embeddings[0]!.values)).toBeCloseTo(1, 6);
    const inputs = [longPrompt + longPrompt];
    await expect(run({ kind: { case: 'embed', value: { inputs, truncate: false } } })).rejects.toMatchObject({
      reason: 'context_length_exceeded',
    });
  });

  it('stops reading a prompt within 500 ms of an abort, and works on', async () => {
    await run({ kind: { case: 'chat', value: {} } });
    const controller = new AbortController();
    let reads = 0;
    let abortedAt = NaN;
    // The engine reads the clock around every slice of the prompt.
    onClockRead = () => {
      if (++reads !== 20) return;
      abortedAt = performance.now();
      controller.abort();
    };
    await expect(Array.fromAsync(start(raw(longPrompt), controller.signal))).rejects.toMatchObject({
      reason: 'client_closed',
    });
    expect(performance.now() - abortedAt).toBeLessThan(500);
    onClockRead = () => {};
    expect((await run(capital)).text).toBe(answer);
  });

  it('stops generating at an abort, and works on', async () => {
    const { reason, tookMs } = await abortAfter(chat('Tell me a long story.'), ({ kind }) => kind.case === 'delta');
    expect(reason).toBe('client_closed');
    expect(tookMs).toBeLessThan(500);
    expect((await run(capital)).text).toBe(answer);
  });

  it('stops waiting for a load at an abort, and works on', async () => {
    await run({ kind: { case: 'chat', value: {} }, keepAliveMs: 0 });
    const { reason, tookMs } = await abortAfter(capital, ({ kind }) => kind.case === 'progress');
    expect(reason).toBe('client_closed');
    expect(tookMs).toBeLessThan(500);
    expect((await run(capital)).text).toBe(answer);
  });

  it('lets the process end after a load that nobody waited for', async () => {
    const program = fileURLToPath(import.meta.resolve('./abandoned-load.fixture.ts'));
    const { stdout } = await promisify(execFile)(process.execPath, [program, model!.path], { timeout: 15_000 });
    expect(stdout).toBe('client_closed');
  });

  it('unloads a model that nobody has used for the time it was to stay', async () => {
    await run({ kind: { case: 'chat', value: {} }, keepAliveMs: 20 });
    const { signal } = new AbortController();
    await expect.poll(async () => (await backend.inventory(signal)).runners, { timeout: 10_000 }).toEqual([]);
    expect((await run(capital)).text).toBe(answer);
  });

  it('answers calls that come together one after the other, and lets a waiting one go', async () => {
    const controller = new AbortController();
    const calls = [run(capital), run({ ...capital, numPredict: 2 }), run(capital)];
    const waiting = Array.fromAsync(start(capital, controller.signal));
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ reason: 'client_closed' });
    expect((await Promise.all(calls)).map(({ text }) => text)).toEqual([answer, 'The capital', answer]);
  });

  it.each<[string, CallInit, string, string]>([
    ['an unknown model', { ...capital, model: 'nope' }, 'model_not_found', "model 'nope' not found"],
    ['another digest', { ...capital, digest: 'ab'.repeat(32) }, 'model_not_found', "model 'smollm2:135m' not found"],
    [
      'tools',
      { kind: { case: 'chat', value: { tools: [{ name: 'f' }] } } },
      'invalid_request',
      '"smollm2:135m" does not support tools',
    ],
    ['thinking', { ...capital, think: 'true' }, 'invalid_request', '"smollm2:135m" does not support thinking'],
    [
      'a bad option',
      { ...capital, optionsJson: '{"top_k":"x"}' },
      'invalid_request',
      'option "top_k" must be of type number',
    ],
  ])('refuses %s', async (_what, call, reason, message) => {
    await expect(run(call)).rejects.toMatchObject({ reason, message });
  });

  it('refuses a JSON schema as deep as the stack', async () => {
    const format = {
      kind: { case: 'schemaJson' as const, value: '{"items":'.repeat(100_000) + '{}' + '}'.repeat(100_000) },
    };
    await expect(run({ ...capital, format })).rejects.toMatchObject({ reason: 'invalid_request' });
    expect((await run(capital)).text).toBe(answer);
  });

  it('loads and unloads on demand, and reports what it has', async () => {
    const { signal } = new AbortController();
    expect((await run({ kind: { case: 'chat', value: {} } })).done.reason).toBe('load');
    const { backend: state, models, runners } = await backend.inventory(signal);
    expect(state).toEqual({ kind: 'embedded', version: '3.21.1', problem: '' });
    expect(models).toMatchObject([
      {
        name: 'smollm2:135m',
        digest: model!.digest,
        sizeBytes: 98_362_432,
        capabilities: ['completion'],
        contextLength: 8192,
      },
    ]);
    expect(JSON.parse(models[0]!.detailsJson!)).toEqual({
      parent_model: '',
      format: 'gguf',
      family: 'llama',
      families: ['llama'],
      parameter_size: '134.52M',
      quantization_level: 'Q4_1',
    });
    expect(runners).toMatchObject([{ model: 'smollm2:135m', slots: 1, vramBytes: 0 }]);
    expect(runners[0]!.expiresInMs).toBeGreaterThan(0);

    expect((await run({ kind: { case: 'chat', value: {} }, keepAliveMs: 0 })).done.reason).toBe('unload');
    expect((await backend.inventory(signal)).runners).toEqual([]);
  });

  it('shows, loads and unloads by verb, and no more', async () => {
    const { signal } = new AbortController();
    const verb = async (verb: Verb, body: object) => {
      const lines = await Array.fromAsync(backend.verb({ verb, bodyJson: JSON.stringify(body) }, signal));
      return lines.map((line) => JSON.parse(line) as object);
    };
    expect(await verb(Verb.LOAD, { model: 'smollm2:135m' })).toMatchObject([{ done: true, done_reason: 'load' }]);
    expect((await backend.inventory(signal)).runners).toHaveLength(1);
    expect(await verb(Verb.UNLOAD, { model: 'smollm2:135m' })).toMatchObject([{ done: true, done_reason: 'unload' }]);
    expect((await backend.inventory(signal)).runners).toHaveLength(0);
    expect(await verb(Verb.SHOW, { name: 'smollm2:135m' })).toMatchObject([
      { capabilities: ['completion'], model_info: { 'general.architecture': 'llama', 'llama.context_length': 8192 } },
    ]);
    await expect(verb(Verb.PULL, { model: 'smollm2:135m' })).rejects.toMatchObject({ reason: 'not_implemented' });
    await expect(verb(Verb.SHOW, { model: 'nope' })).rejects.toMatchObject({ reason: 'model_not_found' });
  });

  describe('with a context of 256 tokens', () => {
    let small: Backend;

    beforeAll(async () => {
      small = await embeddedBackend({ modelPaths: [model!], clock: systemClock, threads: 1, contextLength: 256 });
    });

    afterAll(() => small.close());

    it('ends with "length" when the context is full, and forgets nothing to go on', async () => {
      const { done } = await run(raw(longPrompt.slice(0, 1000)), small);
      expect(done.reason).toBe('length');
      expect(done.usage!.promptTokens! + done.usage!.outputTokens!).toBe(256);
    });

    it('refuses a prompt that does not fit, with both numbers, unless the call allows a longer context', async () => {
      const call = { ...raw(longPrompt.slice(0, 45 * 30)), numPredict: 1 };
      await expect(run(call, small)).rejects.toMatchObject({
        reason: 'context_length_exceeded',
        message:
          'the input length exceeds the context length: 301 tokens where 255 fit; shorten the prompt or ask for a larger num_ctx',
      });
      const { done } = await run({ ...call, numCtx: { preferred: 512 } }, small);
      expect(done.usage).toMatchObject({ promptTokens: 301, outputTokens: 1 });
      const { runners } = await small.inventory(new AbortController().signal);
      expect(runners).toMatchObject([{ contextLength: 512 }]);
    });
  });

  it('ends running calls when it is closed, and leaves a missing file out of the inventory', async () => {
    const modelPaths = [model!, { name: 'gone', path: `${model!.path}.gone` }];
    const other = await embeddedBackend({ modelPaths, clock: systemClock, threads: 1, contextLength: 512 });
    const { signal } = new AbortController();
    expect(await other.inventory(signal)).toMatchObject({
      backend: { problem: 'model files that cannot be read: gone' },
      models: [{ name: 'smollm2:135m' }],
    });
    const call = create(CallSchema, { model: 'smollm2:135m', ...chat('Tell me a long story.') });
    const chunks = other.generate(call, { signal } as Context);
    await expect(closeAtFirstDelta(chunks, other)).rejects.toMatchObject({ reason: 'draining' });
  });
});

async function closeAtFirstDelta(chunks: AsyncIterable<Chunk>, backend: Backend): Promise<void> {
  let closed: Promise<void> | undefined;
  try {
    for await (const { kind } of chunks) if (kind.case === 'delta') closed ??= backend.close();
  } finally {
    await closed;
  }
}
