import { create } from '@bufbuild/protobuf';
import { ClusterError } from '@tutti/core';
import { DeltaSchema, DoneSchema } from '@tutti/proto/tutti/agent/v1/chunk';
import { expect, it } from 'vitest';
import { parseResponseRequest, responseId, responseStream } from './index.ts';

const { shape } = parseResponseRequest('{"model":"m","input":"x"}');
const id = responseId('0123456789abcdef0123456789abcdef');
const failure = new ClusterError('node_unreachable', 'The node is gone.');

const open = () => responseStream({ id, createdAt: 1, model: 'm', shape, toolCallId: () => 'call_1' });

interface Event {
  readonly type: string;
  readonly sequence_number: number;
  readonly response?: { readonly status: string; readonly output: readonly { readonly status: string }[] };
}

function eventsIn(text: string): Event[] {
  const blocks = text.split('\n\n').slice(0, -1);
  return blocks.map((block) => {
    const [, name, data] = /^event: (.*)\ndata: (.*)$/.exec(block)!;
    const event = JSON.parse(data!) as Event;
    expect(event.type).toBe(name);
    return event;
  });
}

it('a response that breaks off fails with what it has', () => {
  const stream = open();
  const begun = stream.start(true) + stream.delta(create(DeltaSchema, { text: 'Half' }));
  const events = eventsIn(begun + stream.failed(failure));
  expect(events.map((event) => event.sequence_number)).toEqual([...events.keys()]);
  expect(events.at(-2)).toMatchObject({ type: 'response.output_item.done', item: { status: 'incomplete' } });
  expect(events.at(-1)).toMatchObject({
    type: 'response.failed',
    response: {
      ...{ id, status: 'failed', store: false },
      error: { code: 'node_unreachable', message: 'The node is gone.' },
      output: [{ status: 'incomplete', content: [{ text: 'Half' }] }],
    },
  });
});

it('one that never began is an error', () => {
  expect(eventsIn(open().failed(failure))).toEqual([
    { type: 'error', sequence_number: 0, code: 'node_unreachable', message: 'The node is gone.', param: null },
  ]);
});

it('words after a call of a tool are an item of their own', () => {
  const stream = open();
  const call = { id: 'c', name: 'f', argumentsJson: '{}' };
  for (const delta of [{ text: 'a' }, { toolCalls: [call] }, { text: 'b' }, { thinking: 't' }]) {
    stream.delta(create(DeltaSchema, delta));
  }
  stream.finish(create(DoneSchema, { reason: 'stop' }));
  const items = stream.output.map((text) => JSON.parse(text) as { id: string; type: string });
  expect(items.map(({ type }) => type)).toEqual(['message', 'function_call', 'message', 'reasoning']);
  expect(new Set(items.map((item) => item.id)).size).toBe(4);
});
