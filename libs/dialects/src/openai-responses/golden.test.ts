import { readdirSync, readFileSync } from 'node:fs';
import { fromJson, toJson, type JsonValue } from '@bufbuild/protobuf';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { ChunkSchema, type Delta, type Done } from '@tutti/proto/tutti/agent/v1/chunk';
import { describe, expect, it } from 'vitest';
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

const folder = new URL('golden/', import.meta.url);
const id = responseId('0123456789abcdef0123456789abcdef');
const end = { stored: true, completedAt: 1_767_323_050, extra: { tutti: { node: 'agx0', attempts: 1 } } };

describe.each(namesOf('.request.txt'))('request %s', (name) => {
  const request = parseResponseRequest(read(`${name}.request.txt`));
  const items = inputItems(request.input, id, new Map());
  const call = withConversation(
    request,
    items.map(({ item }) => item),
  );

  it('becomes the call', () => {
    expect(toJson(CallSchema, call)).toEqual(JSON.parse(read(`${name}.call.json`)));
  });

  it('is kept as items, to the byte', () => {
    expect(items.map(({ text }) => `${text}\n`).join('')).toBe(read(`${name}.items.txt`));
  });

  it('is sent to Ollama to the byte', () => {
    expect(`${renderRequest(call, { stream: true }).body}\n`).toBe(read(`${name}.sent.txt`));
  });
});

describe.each(namesOf('.chunks.json'))('answer %s', (name) => {
  const { deltas, done } = chunksOf(name);

  it('is streamed to the byte', () => {
    const stream = streamOf(name);
    const events = [stream.start(true), ...deltas.map((delta) => stream.delta(delta)), stream.finish(done)];
    expect(events.join('') + stream.end(done, stream.whole(done, end))).toBe(read(`${name}.events.txt`));
  });

  it('is one object to the byte', () => {
    const stream = streamOf(name);
    stream.delta(joinDeltas(deltas));
    stream.finish(done);
    expect(`${stream.whole(done, end)}\n`).toBe(read(`${name}.whole.txt`));
  });
});

/** What the answer of that name was asked with. */
function streamOf(name: string): ResponseStream {
  const { shape } = parseResponseRequest(read(`${name}.asked.txt`));
  let made = 0;
  return responseStream({ id, createdAt: 1_767_323_045, model: 'm', shape, toolCallId: () => `call_made_${++made}` });
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
