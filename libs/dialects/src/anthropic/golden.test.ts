import { readdirSync, readFileSync } from 'node:fs';
import { fromJson, toJson, type JsonValue } from '@bufbuild/protobuf';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { ChunkSchema, type Delta, type Done } from '@tutti/proto/tutti/agent/v1/chunk';
import { describe, expect, it } from 'vitest';
import { renderRequest as renderOllama } from '../ollama/index.ts';
import { createEventParser, messageStream, parseMessages, renderMessage, renderRequest } from './index.ts';

const folder = new URL('golden/', import.meta.url);
const extra = { tutti: { node: 'agx0', attempts: 1 } };

describe.each(namesOf('.request.txt'))('request %s', (name) => {
  const { call } = parseMessages(read(`${name}.request.txt`));

  it('becomes the call', () => {
    expect(toJson(CallSchema, call)).toEqual(JSON.parse(read(`${name}.call.json`)));
  });

  it('is sent to Ollama to the byte', () => {
    expect(`${renderOllama(call, { stream: true }).body}\n`).toBe(read(`${name}.sent.txt`));
  });

  it('is passed on to Anthropic to the byte', () => {
    expect(`${renderRequest(call, { model: 'claude-x' }).body}\n`).toBe(read(`${name}.passed.txt`));
  });

  it('loses nothing more when it is passed on twice', () => {
    const { body } = renderRequest(call, { model: 'claude-x' });
    expect(renderRequest(parseMessages(body).call, { model: 'claude-x' }).body).toBe(body);
  });
});

describe.each(namesOf('.chunks.json'))('answer %s', (name) => {
  const { deltas, done } = chunksOf(name);

  const streamed = (expectedTokens: number): string => {
    const stream = messageStream({ ...facts(name), expectedTokens });
    return [stream.start(), ...deltas.map((delta) => stream.delta(delta)), stream.finish(done, extra)].join('');
  };

  it('is streamed to the byte', () => {
    expect(streamed(11)).toBe(read(`${name}.events.txt`));
  });

  it('is understood as it was meant', () => {
    const parser = createEventParser();
    const chunks = streamed(0).split('\n').flatMap(parser.line);
    const deltasRead = chunks.flatMap(({ kind }) => (kind.case === 'delta' ? [kind.value] : []));
    const [doneRead] = chunks.flatMap(({ kind }) => (kind.case === 'done' ? [kind.value] : []));
    expect(`${renderMessage(facts(name), deltasRead, doneRead!, extra)}\n`).toBe(read(`${name}.whole.txt`));
  });

  it('is one object to the byte', () => {
    expect(`${renderMessage(facts(name), deltas, done, extra)}\n`).toBe(read(`${name}.whole.txt`));
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
