import { toJson } from '@bufbuild/protobuf';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { describe, expect, it } from 'vitest';
import { answerOf, goldenFiles } from '../golden.fixture.ts';
import { renderRequest as renderOllama } from '../ollama/index.ts';
import { createEventParser, messageStream, parseMessages, renderMessage, renderRequest } from './index.ts';

const golden = goldenFiles(new URL('golden/', import.meta.url));
const extra = { tutti: { node: 'agx0', attempts: 1 } };

describe.each(golden.names('.request.txt'))('request %s', (name) => {
  const { call } = parseMessages(golden.read(`${name}.request.txt`));

  it('becomes the call', () => {
    expect(toJson(CallSchema, call)).toEqual(JSON.parse(golden.read(`${name}.call.json`)));
  });

  it('is sent to Ollama to the byte', () => {
    expect(`${renderOllama(call, { stream: true }).body}\n`).toBe(golden.read(`${name}.sent.txt`));
  });

  it('is passed on to Anthropic to the byte', () => {
    expect(`${renderRequest(call, { model: 'claude-x' }).body}\n`).toBe(golden.read(`${name}.passed.txt`));
  });

  it('loses nothing more when it is passed on twice', () => {
    const { body } = renderRequest(call, { model: 'claude-x' });
    expect(renderRequest(parseMessages(body).call, { model: 'claude-x' }).body).toBe(body);
  });
});

describe.each(golden.names('.chunks.json'))('answer %s', (name) => {
  const { deltas, done } = golden.answer(name);

  const streamed = (expectedTokens: number): string => {
    const stream = messageStream({ ...facts(name), expectedTokens });
    return [stream.start(), ...deltas.map((delta) => stream.delta(delta)), stream.finish(done, extra)].join('');
  };

  it('is streamed to the byte', () => {
    expect(streamed(11)).toBe(golden.read(`${name}.events.txt`));
  });

  it('is understood as it was meant', () => {
    const parser = createEventParser();
    const understood = answerOf(streamed(0).split('\n').flatMap(parser.line));
    expect(`${renderMessage(facts(name), understood.deltas, understood.done, extra)}\n`).toBe(
      golden.read(`${name}.whole.txt`),
    );
  });

  it('is one object to the byte', () => {
    expect(`${renderMessage(facts(name), deltas, done, extra)}\n`).toBe(golden.read(`${name}.whole.txt`));
  });
});

function facts(name: string) {
  let made = 0;
  return {
    id: 'msg_1',
    model: 'm',
    toolUseId: () => `toolu_made_${++made}`,
    hidesThinking: name.startsWith('hidden-'),
  };
}
