import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { describe, expect, it } from 'vitest';
import { collect, contextWith } from '../calls.fixture.ts';
import { delta, done, progress } from '../chunk.ts';
import { ClusterError } from '../error.ts';
import type { Call, Chunk, Context, Generate } from '../generate.ts';
import { createLearntSampling } from './learnt-sampling.ts';
import { tuned } from './tuned.ts';

type CallInit = MessageInitShape<typeof CallSchema>;

const jsonSchema = { kind: { case: 'schemaJson' as const, value: '{}' } };

function chat(optionsJson = '', changes: CallInit = {}): Call {
  const parts = [{ kind: { case: 'text' as const, value: 'Write a poem about the rain.' } }];
  const kind = { case: 'chat' as const, value: { messages: [{ role: 'user', parts }] } };
  return create(CallSchema, { model: 'm:latest', kind, optionsJson, ...changes });
}

/** Sampling that never explores, over a node that says `chunks`. */
function start(chunks: readonly Chunk[] = [delta({ text: 'Drops.' }), done({ reason: 'stop' })]) {
  const sampling = createLearntSampling(() => 0.5);
  const received: string[] = [];
  const generate: Generate = async function* (call) {
    received.push(call.optionsJson);
    yield* chunks;
  };
  const run = (call: Call, context: Partial<Context>) => collect(tuned(sampling, generate)(call, contextWith(context)));
  const judged = () =>
    sampling.evidence('m', 'creative').evidence.flatMap(({ preset, samples, meanReward }) => {
      return samples > 0 ? [[preset.name, samples, meanReward]] : [];
    });
  return { sampling, received, run, judged, generate };
}

const asking = { parameters: 'auto' } as const;
const ofRun = { run: 'run-1' };

describe('sampling options are chosen', () => {
  it.each([
    ['a call that asks for nothing', {}, '', ''],
    ['a call that asks', asking, '', '{"temperature":0.8,"top_p":0.95}'],
    ['a call that asks, beside its own', asking, '{ "seed": 1.0 }', '{"seed": 1.0,"temperature":0.8,"top_p":0.95}'],
    ['a call that asks, with none', asking, ' {} ', '{"temperature":0.8,"top_p":0.95}'],
    ['a call that asks and sets one', asking, '{"temperature":1.50}', '{"temperature":1.50,"top_p":0.95}'],
    ['a call that asks and sets both', asking, '{"top_p":1,"temperature":0}', '{"top_p":1,"temperature":0}'],
    ['a call of a run', ofRun, '', '{"temperature":0.8,"top_p":0.95}'],
    ['a call of a run that sets one', ofRun, '{"temperature":0.4}', '{"temperature":0.4}'],
    ['a call whose options are none', asking, '[1]', '[1]'],
    ['a call whose options are broken', asking, '{"a"', '{"a"'],
  ])('for %s', async (_, context, given, expected) => {
    const { run, received } = start();
    expect(await run(chat(given), context)).toEqual({ kinds: ['delta', 'done'], text: 'Drops.' });
    expect(received).toEqual([expected]);
  });

  it('for nothing that generates no text', async () => {
    const { run, received } = start();
    const embed = { case: 'embed' as const, value: { inputs: ['a'] } };
    await run(chat('', { kind: embed }), asking);
    await run(chat('', { kind: { case: 'chat', value: {} } }), asking);
    expect(received).toEqual(['', '']);
  });

  it('so that samples of one question can differ', async () => {
    const { run, received } = start();
    const fact = chat('{"seed":1}', {
      kind: { case: 'completion', value: { prompt: 'Who was the first king of Spain?' } },
    });
    await run(fact, ofRun);
    await run(fact, asking);
    const names = 'Extract all names from the following text: "Ann met Bob."';
    await run(chat('{"seed":1}', { kind: { case: 'completion', value: { prompt: names } } }), ofRun);
    expect(received).toEqual([
      '{"seed":1,"temperature":0.5,"top_p":0.95}',
      '{"seed":1,"temperature":0.2,"top_p":0.9}',
      '{"seed":1}',
    ]);
  });

  it('and told with the choice of a node', async () => {
    const chunks = [progress({ case: 'dispatched', value: { node: 'a', attempt: 1 } }), done({ reason: 'stop' })];
    const { sampling, generate } = start(chunks);
    const told = async (options: string): Promise<unknown> => {
      const [first] = await Array.fromAsync(tuned(sampling, generate)(chat(options), contextWith(asking)));
      return first!.kind.value;
    };
    const value = (parameters: string) => ({ kind: { case: 'dispatched', value: { node: 'a', parameters } } });
    expect(await told('')).toMatchObject(value('creative/varied temperature=0.8 top_p=0.95'));
    expect(await told('{"top_p":1}')).toMatchObject(value('creative/varied temperature=0.8'));
    expect(await told('{"top_p":1,"temperature":1}')).toMatchObject(value(''));
  });
});

describe('what is learnt of an answer', () => {
  const text = (said: string, reason = 'stop') => [delta({ text: said }), done({ reason })];

  it.each([
    ['that is complete', text('Drops.'), 1],
    ['in two pieces', [delta({ text: 'Dr' }), delta({ text: 'ops.' }), done({ reason: 'stop' })], 1],
    ['that asks for a function', [delta({ toolCalls: [{ name: 'f' }] }), done({ reason: 'stop' })], 1],
    ['that is cut off', text('Drops', 'length'), 0],
    ['that is empty', text(' \n'), 0],
    ['that is only thought', [delta({ thinking: 'hm' }), done({ reason: 'stop' })], 0],
  ])('%s', async (_, chunks, reward) => {
    const { run, judged } = start(chunks);
    await run(chat(), asking);
    expect(judged()).toEqual([['varied', 1, reward]]);
  });

  it.each([
    ['{"a": 1}', 1],
    ['{"a": 1', 0],
  ])('that must be JSON: %s', async (said, reward) => {
    const { run, judged } = start(text(said));
    await run(chat('', { format: jsonSchema }), asking);
    expect(judged()).toEqual([['varied', 1, reward]]);
  });

  it('that was made with half a preset, fails, or is left early: nothing', async () => {
    const { run, judged, sampling, generate } = start();
    await run(chat('{"top_p":1}'), asking);
    for await (const _ of tuned(sampling, generate)(chat(), contextWith(asking))) break;
    const failing: Generate = async function* () {
      yield delta({ text: 'Dr' });
      throw new ClusterError('upstream_error', 'broken');
    };
    const { error } = await collect(tuned(sampling, failing)(chat(), contextWith(asking)));
    expect(error).toMatchObject({ reason: 'upstream_error' });
    expect(judged()).toEqual([]);
  });

  it('even if its reader leaves with the last chunk', async () => {
    const { judged, sampling, generate } = start();
    for await (const { kind } of tuned(sampling, generate)(chat(), contextWith(asking)))
      if (kind.case === 'done') break;
    expect(judged()).toEqual([['varied', 1, 1]]);
  });
});
