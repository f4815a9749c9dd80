import { fromJson, toJson, type JsonValue } from '@bufbuild/protobuf';
import type { Chunk } from '@tutti/core';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { ChunkSchema } from '@tutti/proto/tutti/agent/v1/chunk';
import { describe, expect, it } from 'vitest';
import { goldenFiles } from '../golden.fixture.ts';
import { createEventParser, parseChatCompletion, renderRequest } from './index.ts';

const golden = goldenFiles(new URL('golden/server/', import.meta.url));

describe.each(golden.names('.call.json'))('call %s', (name) => {
  const call = fromJson(CallSchema, JSON.parse(golden.read(`${name}.call.json`)) as JsonValue);

  it('is sent to a server to the byte', () => {
    const { path, body } = renderRequest(call, { model: call.model, strict: name.endsWith('-strict') });
    expect(`POST ${path}\n${body}\n`).toBe(golden.read(`${name}.sent.txt`));
  });
});

it.each(['openai-chat', 'openai-plain'])('call %s is the same when a server reads it', (name) => {
  const call = fromJson(CallSchema, JSON.parse(golden.read(`${name}.call.json`)) as JsonValue);
  const { body } = renderRequest(call, { model: call.model, strict: false });
  const parsed = parseChatCompletion(body, { withoutDefaults: true });
  const { kind } = parsed.call;
  // The only tool that may be called is the only one that is offered.
  if (kind.case === 'chat' && call.kind.case === 'chat') kind.value.toolChoiceJson = call.kind.value.toolChoiceJson;
  expect({ ...parsed.call, extraJson: '' }).toEqual({ ...call, extraJson: '' });
  expect(parsed.call.extraJson).toContain(call.extraJson.slice(1, -1));
  expect(parsed).toMatchObject({ stream: true, includeUsage: true });
});

describe.each(golden.names('.events.txt'))('stream %s', (name) => {
  it('becomes the chunks', () => {
    const chunks = chunksOf(golden.read(`${name}.events.txt`));
    expect(chunks.map((chunk) => toJson(ChunkSchema, chunk))).toEqual(JSON.parse(golden.read(`${name}.chunks.json`)));
  });
});

function chunksOf(text: string): Chunk[] {
  const parser = createEventParser({ promptTokens: 7 });
  const lines = text.split('\n').flatMap((line) => parser.line(line));
  return [...lines, ...parser.end()];
}
