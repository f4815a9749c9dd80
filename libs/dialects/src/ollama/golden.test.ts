import { toJson } from '@bufbuild/protobuf';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { ChunkSchema, type Delta, type Done } from '@tutti/proto/tutti/agent/v1/chunk';
import { describe, expect, it } from 'vitest';
import { answerOf, goldenFiles } from '../golden.fixture.ts';
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

const golden = goldenFiles(new URL('golden/', import.meta.url));
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

describe.each(golden.names('.request.txt'))('request %s', (name) => {
  const { call } = routeOf(name).parse(golden.read(`${name}.request.txt`));

  it('becomes the call', () => {
    expect(toJson(CallSchema, call)).toEqual(JSON.parse(golden.read(`${name}.call.json`)));
  });

  it('is sent to Ollama to the byte', () => {
    expect(`${renderRequest(call, { stream: true }).body}\n`).toBe(golden.read(`${name}.sent.txt`));
  });

  it('is the same call when Ollama reads it', () => {
    const { extraJson: _, ...sent } = routeOf(name).parse(renderRequest(call, { stream: true }).body).call;
    expect(call).toMatchObject(sent);
  });
});

describe.each(golden.names('.lines.txt'))('answer %s', (name) => {
  const { parseLine, whole } = routeOf(name);
  const lines = golden.read(`${name}.lines.txt`).split('\n').slice(0, -1);
  const { model } = JSON.parse(lines[0] ?? '') as { model: string };
  const chunks = lines.flatMap(parseLine);

  it('becomes the chunks', () => {
    expect(chunks.map((chunk) => toJson(ChunkSchema, chunk))).toEqual(JSON.parse(golden.read(`${name}.chunks.json`)));
  });

  it('is one object to the byte', () => {
    const { deltas, done } = answerOf(chunks);
    expect(`${whole(model, deltas, done)}\n`).toBe(golden.read(`${name}.whole.txt`));
  });

  it('is understood as one object too', () => {
    const { deltas, done } = answerOf(chunks);
    const parts = answerOf(parseLine(whole(model, deltas, done)));
    expect(whole(model, parts.deltas, { ...parts.done, extraJson: done.extraJson })).toBe(whole(model, deltas, done));
  });
});

const streamed = golden.names('.lines.txt').filter((name) => !name.startsWith('embed-'));

describe.each(streamed)('stream %s', (name) => {
  const route = routes[name.startsWith('chat-') ? 'chat' : 'generate'];

  it('is told again to the byte', () => {
    const text = golden.read(`${name}.lines.txt`);
    const { model } = JSON.parse(text.slice(0, text.indexOf('\n'))) as { model: string };
    const { deltas, done } = answerOf(text.trimEnd().split('\n').flatMap(route.parseLine));
    const lines = [...deltas.map((delta) => route.delta(model, delta)), route.done(model, done)];
    expect(lines.map((line) => `${line}\n`).join('')).toBe(text);
  });
});

function routeOf(name: string) {
  const [route] = name.split('-');
  return routes[route as keyof typeof routes];
}
