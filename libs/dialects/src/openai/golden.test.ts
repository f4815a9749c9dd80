import { toJson } from '@bufbuild/protobuf';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { describe, expect, it } from 'vitest';
import { goldenFiles } from '../golden.fixture.ts';
import { renderRequest } from '../ollama/index.ts';
import { chatCompletionStream, parseChatCompletion, renderChatCompletion } from './index.ts';

const golden = goldenFiles(new URL('golden/', import.meta.url));
const extra = { tutti: { node: 'agx0', attempts: 1 } };

describe.each(golden.names('.request.txt'))('request %s', (name) => {
  const { call } = parseChatCompletion(golden.read(`${name}.request.txt`));

  it('becomes the call', () => {
    expect(toJson(CallSchema, call)).toEqual(JSON.parse(golden.read(`${name}.call.json`)));
  });

  it('is sent to Ollama to the byte', () => {
    expect(`${renderRequest(call, { stream: true }).body}\n`).toBe(golden.read(`${name}.sent.txt`));
  });
});

describe.each(golden.names('.chunks.json'))('answer %s', (name) => {
  const { deltas, done } = golden.answer(name);

  it('is streamed to the byte', () => {
    const stream = chatCompletionStream({ ...facts(), includeUsage: name !== 'nothing' });
    const events = [stream.start(), ...deltas.map((delta) => stream.delta(delta)), stream.finish(done, extra)];
    expect(events.join('')).toBe(golden.read(`${name}.events.txt`));
  });

  it('is one object to the byte', () => {
    expect(`${renderChatCompletion(facts(), deltas, done, extra)}\n`).toBe(golden.read(`${name}.whole.txt`));
  });
});

function facts() {
  let made = 0;
  return { id: 'chatcmpl-1', created: 1_767_323_045, model: 'm', toolCallId: () => `call_made_${++made}` };
}
