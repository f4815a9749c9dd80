import { readdirSync, readFileSync } from 'node:fs';
import { fromJson, toJson, type JsonValue } from '@bufbuild/protobuf';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { ChunkSchema, type Delta, type Done } from '@tutti/proto/tutti/agent/v1/chunk';
import { describe, expect, it } from 'vitest';
import { renderRequest } from '../ollama/index.ts';
import { chatCompletionStream, parseChatCompletion, renderChatCompletion } from './index.ts';

const folder = new URL('golden/', import.meta.url);
const extra = { tutti: { node: 'agx0', attempts: 1 } };

describe.each(namesOf('.request.txt'))('request %s', (name) => {
  const { call } = parseChatCompletion(read(`${name}.request.txt`));

  it('becomes the call', () => {
    expect(toJson(CallSchema, call)).toEqual(JSON.parse(read(`${name}.call.json`)));
  });

  it('is sent to Ollama to the byte', () => {
    expect(`${renderRequest(call, { stream: true }).body}\n`).toBe(read(`${name}.sent.txt`));
  });
});

describe.each(namesOf('.chunks.json'))('answer %s', (name) => {
  const { deltas, done } = chunksOf(name);

  it('is streamed to the byte', () => {
    const stream = chatCompletionStream({ ...facts(), includeUsage: name !== 'nothing' });
    const events = [stream.start(), ...deltas.map((delta) => stream.delta(delta)), stream.finish(done, extra)];
    expect(events.join('')).toBe(read(`${name}.events.txt`));
  });

  it('is one object to the byte', () => {
    expect(`${renderChatCompletion(facts(), deltas, done, extra)}\n`).toBe(read(`${name}.whole.txt`));
  });
});

function facts() {
  let made = 0;
  return { id: 'chatcmpl-1', created: 1_767_323_045, model: 'm', toolCallId: () => `call_made_${++made}` };
}

function chunksOf(name: string): { deltas: Delta[]; done: Done } {
  const chunks = (JSON.parse(read(`${name}.chunks.json`)) as JsonValue[]).map((chunk) => fromJson(ChunkSchema, chunk));
  const deltas = chunks.flatMap(({ kind }) => (kind.case === 'delta' ? [kind.value] : []));
  const [done] = chunks.flatMap(({ kind }) => (kind.case === 'done' ? [kind.value] : []));
  if (!done) throw new Error(`${name} has no done`);
  return { deltas, done };
}

function namesOf(suffix: string): string[] {
  return readdirSync(folder).flatMap((file) => (file.endsWith(suffix) ? [file.slice(0, -suffix.length)] : []));
}

function read(file: string): string {
  return readFileSync(new URL(file, folder), 'utf8');
}
