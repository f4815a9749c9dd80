import { readdirSync, readFileSync } from 'node:fs';
import { toJson } from '@bufbuild/protobuf';
import type { Chunk } from '@tutti/core';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { ChunkSchema, type Delta, type Done } from '@tutti/proto/tutti/agent/v1/chunk';
import { describe, expect, it } from 'vitest';
import {
  parseChat,
  parseChatLine,
  parseEmbed,
  parseEmbedBody,
  parseGenerate,
  parseGenerateLine,
  renderChat,
  renderChatDelta,
  renderChatDone,
  renderEmbed,
  renderGenerate,
  renderGenerateDelta,
  renderGenerateDone,
  renderRequest,
} from './index.ts';

const folder = new URL('golden/', import.meta.url);
const createdAt = '2026-01-02T03:04:05.678901234Z';
const extra = { tutti: { node: 'agx0', attempts: 1 } };

/** What each route has; a golden file's name begins with its route's. */
const routes = {
  chat: {
    parse: parseChat,
    parseLine: parseChatLine,
    delta: (model: string, delta: Delta) => renderChatDelta(model, createdAt, delta),
    done: (model: string, done: Done) => renderChatDone(model, createdAt, done),
    whole: (model: string, deltas: Delta[], done: Done) => renderChat(model, createdAt, deltas, done, extra),
  },
  generate: {
    parse: parseGenerate,
    parseLine: parseGenerateLine,
    delta: (model: string, delta: Delta) => renderGenerateDelta(model, createdAt, delta),
    done: (model: string, done: Done) => renderGenerateDone(model, createdAt, done),
    whole: (model: string, deltas: Delta[], done: Done) => renderGenerate(model, createdAt, deltas, done, extra),
  },
  embed: {
    parse: parseEmbed,
    parseLine: parseEmbedBody,
    whole: (model: string, deltas: Delta[], done: Done) => renderEmbed(model, deltas, done, extra),
  },
};

describe.each(namesOf('.request.txt'))('request %s', (name) => {
  const { call } = routeOf(name).parse(read(`${name}.request.txt`));

  it('becomes the call', () => {
    expect(toJson(CallSchema, call)).toEqual(JSON.parse(read(`${name}.call.json`)));
  });

  it('is sent to Ollama to the byte', () => {
    expect(`${renderRequest(call, { stream: true }).body}\n`).toBe(read(`${name}.sent.txt`));
  });

  it('is the same call when Ollama reads it', () => {
    const { extraJson: _, ...sent } = routeOf(name).parse(renderRequest(call, { stream: true }).body).call;
    expect(call).toMatchObject(sent);
  });
});

describe.each(namesOf('.lines.txt'))('answer %s', (name) => {
  const { parseLine, whole } = routeOf(name);
  const lines = read(`${name}.lines.txt`).split('\n').slice(0, -1);
  const { model } = JSON.parse(lines[0] ?? '') as { model: string };
  const chunks = lines.flatMap(parseLine);

  it('becomes the chunks', () => {
    expect(chunks.map((chunk) => toJson(ChunkSchema, chunk))).toEqual(JSON.parse(read(`${name}.chunks.json`)));
  });

  it('is one object to the byte', () => {
    const { deltas, last } = partsOf(chunks);
    expect(`${whole(model, deltas, last)}\n`).toBe(read(`${name}.whole.txt`));
  });

  it('is understood as one object too', () => {
    const { deltas, last } = partsOf(chunks);
    const parts = partsOf(parseLine(whole(model, deltas, last)));
    expect(whole(model, parts.deltas, { ...parts.last, extraJson: last.extraJson })).toBe(whole(model, deltas, last));
  });
});

const streamed = namesOf('.lines.txt').filter((name) => !name.startsWith('embed-'));

describe.each(streamed)('stream %s', (name) => {
  const { parseLine, delta, done } = routes[name.startsWith('chat-') ? 'chat' : 'generate'];

  it('is told again to the byte', () => {
    const text = read(`${name}.lines.txt`);
    const { model } = JSON.parse(text.slice(0, text.indexOf('\n'))) as { model: string };
    const { deltas, last } = partsOf(text.trimEnd().split('\n').flatMap(parseLine));
    const lines = [...deltas.map((one) => delta(model, one)), done(model, last)];
    expect(lines.map((line) => `${line}\n`).join('')).toBe(text);
  });
});

function partsOf(chunks: readonly Chunk[]): { deltas: Delta[]; last: Done } {
  const deltas = chunks.flatMap(({ kind }) => (kind.case === 'delta' ? [kind.value] : []));
  const [last] = chunks.flatMap(({ kind }) => (kind.case === 'done' ? [kind.value] : []));
  if (!last) throw new Error('there is no done');
  return { deltas, last };
}

function routeOf(name: string) {
  const [route] = name.split('-');
  return routes[route as keyof typeof routes];
}

function namesOf(suffix: string): string[] {
  return readdirSync(folder).flatMap((file) => (file.endsWith(suffix) ? [file.slice(0, -suffix.length)] : []));
}

function read(file: string): string {
  return readFileSync(new URL(file, folder), 'utf8');
}
