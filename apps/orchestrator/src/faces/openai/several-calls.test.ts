import { create } from '@bufbuild/protobuf';
import {
  abortError,
  ClusterError,
  delta,
  done,
  onAbort,
  textDelta,
  ticketMachine,
  type Call,
  type Chunk,
  type Context,
  type Generate,
} from '@tutti/core';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { describe, expect, it } from 'vitest';
import { oneToolCall } from '../answer/one-tool-call.ts';
import { severalCalls } from './several-calls.ts';

const first = create(CallSchema, { model: '0' });
const callOf = (call: Call, choice: number): Call => ({ ...call, model: String(choice) });
const contextOf = (signal: AbortSignal) => ({ signal, ticket: ticketMachine()() }) as Context;
const never = new AbortController().signal;

/** Each call says its number as often as it is high, and once more. */
const counting: Generate = async function* ({ model }) {
  for (let said = 0; said <= Number(model); said += 1) yield textDelta(model);
  yield done({ reason: model === '1' ? 'length' : 'stop', usage: { promptTokens: 10, outputTokens: Number(model) } });
};

async function all(chunks: AsyncIterable<Chunk>): Promise<Chunk[]> {
  const read: Chunk[] = [];
  for await (const chunk of chunks) read.push(chunk);
  return read;
}

describe('several calls', () => {
  it('come as one answer, with one end, and each piece is of one of them', async () => {
    const { choices, through } = severalCalls(3, callOf);
    const chunks = await all(through(counting)(first, contextOf(never)));
    const pieces = chunks.flatMap(({ kind }) => (kind.case === 'delta' ? [kind.value] : []));
    const words = pieces.filter((piece) => !choices.endsWith(piece));
    expect(words.every((piece) => piece.text === String(choices.of(piece)))).toBe(true);
    expect(words.map(({ text }) => text).toSorted()).toEqual(['0', '1', '1', '2', '2', '2']);
    const ends = pieces.filter(choices.endsWith);
    expect(ends.map(choices.of)).toEqual([0, 1]);
    expect(ends.every(({ text }) => text === '')).toBe(true);
    expect(pieces.indexOf(ends[0]!)).toBeLessThan(pieces.findLastIndex(({ text }) => text === '2'));
    expect([0, 1, 2].map(choices.reasonOf)).toEqual(['stop', 'length', 'stop']);
    expect(chunks.filter(({ kind }) => kind.case === 'done')).toHaveLength(1);
    expect(chunks.at(-1)?.kind.value).toMatchObject({ usage: { promptTokens: 30, outputTokens: 3 } });
  });

  it('know no sum of what one of them cannot count', async () => {
    const vague: Generate = async function* ({ model }) {
      yield done({
        reason: 'stop',
        usage: model === '0' ? { promptTokens: 10 } : { promptTokens: 1, outputTokens: 2, estimated: true },
      });
    };
    const end = (await all(severalCalls(2, callOf).through(vague)(first, contextOf(never)))).at(-1);
    const usage = end?.kind.case === 'done' ? end.kind.value.usage : undefined;
    expect([usage?.promptTokens, usage?.outputTokens, usage?.estimated]).toEqual([11, undefined, true]);
  });

  it('have places in the queue of their own', async () => {
    const places = new Set<object>();
    const placed: Generate = (call, context) => {
      places.add(context.ticket.place);
      return counting(call, context);
    };
    await all(severalCalls(3, callOf).through(placed)(first, contextOf(never)));
    expect(places.size).toBe(3);
  });

  it('end all, if one fails', async () => {
    const signals: AbortSignal[] = [];
    const failing: Generate = async function* ({ model }, { signal }) {
      if (model === '1') throw new ClusterError('upstream_error', 'it broke');
      signals.push(signal);
      yield textDelta('x');
      await new Promise<void>((resolve) => void onAbort(signal, resolve));
      throw abortError(signal);
    };
    const run = all(severalCalls(3, callOf).through(failing)(first, contextOf(never)));
    await expect(run).rejects.toMatchObject({ reason: 'upstream_error', message: 'it broke' });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  });

  it('end all, if the client leaves', async () => {
    const client = new AbortController();
    const endless: Generate = async function* (_, { signal }) {
      yield textDelta('x');
      await new Promise<void>((resolve) => void onAbort(signal, resolve));
      throw abortError(signal);
    };
    const run = all(severalCalls(2, callOf).through(endless)(first, contextOf(client.signal)));
    client.abort();
    await expect(run).rejects.toMatchObject({ reason: 'client_closed' });
  });

  it('are incomplete without an end of each', async () => {
    const cut: Generate = async function* (call) {
      yield call.model === '0' ? done({ reason: 'stop' }) : textDelta('x');
    };
    const run = all(severalCalls(2, callOf).through(cut)(first, contextOf(never)));
    await expect(run).rejects.toMatchObject({ reason: 'bad_upstream' });
  });
});

it('of several tool calls the first is kept, where only one is wanted', async () => {
  const asking: Generate = async function* () {
    yield textDelta('Well,');
    yield delta({ toolCalls: [{ name: 'a' }, { name: 'b' }] });
    yield delta({ thinking: 'Hm.', toolCalls: [{ name: 'c' }] });
    yield done({ reason: 'stop' });
  };
  const chunks = await all(oneToolCall(asking)(first, contextOf(never)));
  const names = chunks.map(({ kind }) => (kind.case === 'delta' ? kind.value.toolCalls.map(({ name }) => name) : []));
  expect(names).toEqual([[], ['a'], [], []]);
  expect(chunks[2]?.kind.value).toMatchObject({ thinking: 'Hm.' });
});
