import { toJson } from '@bufbuild/protobuf';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { describe, expect, it } from 'vitest';
import { goldenFiles } from '../golden.fixture.ts';
import { renderRequest } from '../ollama/index.ts';
import {
  inputItems,
  joinDeltas,
  parseResponseRequest,
  responseId,
  responseStream,
  withConversation,
  type ResponseStream,
} from './index.ts';

const golden = goldenFiles(new URL('golden/', import.meta.url));
const id = responseId('0123456789abcdef0123456789abcdef');
const end = { stored: true, completedAt: 1_767_323_050, extra: { tutti: { node: 'agx0', attempts: 1 } } };

describe.each(golden.names('.request.txt'))('request %s', (name) => {
  const request = parseResponseRequest(golden.read(`${name}.request.txt`));
  const items = inputItems(request.input, id, new Map());
  const call = withConversation(
    request,
    items.map(({ item }) => item),
  );

  it('becomes the call', () => {
    expect(toJson(CallSchema, call)).toEqual(JSON.parse(golden.read(`${name}.call.json`)));
  });

  it('is kept as items, to the byte', () => {
    expect(items.map(({ text }) => `${text}\n`).join('')).toBe(golden.read(`${name}.items.txt`));
  });

  it('is sent to Ollama to the byte', () => {
    expect(`${renderRequest(call, { stream: true }).body}\n`).toBe(golden.read(`${name}.sent.txt`));
  });
});

describe.each(golden.names('.chunks.json'))('answer %s', (name) => {
  const { deltas, done } = golden.answer(name);

  it('is streamed to the byte', () => {
    const stream = streamOf(name);
    const events = [stream.start(true), ...deltas.map((delta) => stream.delta(delta)), stream.finish(done)];
    expect(events.join('') + stream.end(done, stream.whole(done, end))).toBe(golden.read(`${name}.events.txt`));
  });

  it('is one object to the byte', () => {
    const stream = streamOf(name);
    stream.delta(joinDeltas(deltas));
    stream.finish(done);
    expect(`${stream.whole(done, end)}\n`).toBe(golden.read(`${name}.whole.txt`));
  });
});

/** What the answer of that name was asked with. */
function streamOf(name: string): ResponseStream {
  const { shape } = parseResponseRequest(golden.read(`${name}.asked.txt`));
  let made = 0;
  return responseStream({ id, createdAt: 1_767_323_045, model: 'm', shape, toolCallId: () => `call_made_${++made}` });
}
