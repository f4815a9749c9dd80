import type { MessageInitShape } from '@bufbuild/protobuf';
import { ClusterError, delta, done, textDelta, type Chunk } from '@tutti/core';
import type { ToolCallSchema } from '@tutti/proto/tutti/agent/v1/call';
import type { DoneSchema } from '@tutti/proto/tutti/agent/v1/chunk';
import { arrayOf } from '../json/fields.ts';
import { isVector, vectorPieces } from '../vectors.ts';
import { chatFields, embedFields, generateFields } from './answer-fields.ts';
import { badUpstream, countField, isObject, type JsonObject, textField } from '../upstream.ts';
import { contextField, extraOf, msField, readLine, spanOf } from './line.ts';
import { readLogprobs } from './logprobs.ts';
import { asToolCall } from './tool-calls.ts';

interface Answer {
  readonly text: string;
  readonly thinking: string;
  readonly toolCalls: MessageInitShape<typeof ToolCallSchema>[];
}

type DoneInit = MessageInitShape<typeof DoneSchema>;

/**
 * A line of /api/chat, or its whole answer: a delta, a done, both or none. A line that tells an error throws
 * upstream_error; one that is not Ollama's throws bad_upstream.
 */
export function parseChatLine(text: string): Chunk[] {
  const line = readLine(text);
  const { message } = line;
  if (message !== undefined && !isObject(message)) throw badUpstream('"message" is not an object');
  const toolCalls = hasItems(message?.['tool_calls']) ? readToolCalls(spanOf(text, 'message')) : [];
  return chunks(
    line,
    { text: textField(message, 'content'), thinking: textField(message, 'thinking'), toolCalls },
    extraOf(text, line, chatFields),
  );
}

/** A line of /api/generate, or its whole answer; otherwise as `parseChatLine`. */
export function parseGenerateLine(text: string): Chunk[] {
  const line = readLine(text);
  const toolCalls = hasItems(line['tool_calls']) ? readToolCalls(text) : [];
  return chunks(
    line,
    { text: textField(line, 'response'), thinking: textField(line, 'thinking'), toolCalls },
    extraOf(text, line, generateFields),
  );
}

/** The answer of /api/embed: deltas with the vectors, in pieces, then a done. Errors as in `parseChatLine`. */
export function parseEmbedBody(text: string): Chunk[] {
  const line = readLine(text);
  const { embeddings } = line;
  if (!Array.isArray(embeddings) || !embeddings.every(isVector))
    throw badUpstream('"embeddings" are not vectors of numbers');
  const pieces = embeddings.flatMap((values: number[], index) => vectorPieces(index, values));
  return [...pieces, done(doneOf(line, extraOf(text, line, embedFields)))];
}

/** The answer of /api/embeddings, which counts nothing. Errors as in `parseChatLine`. */
export function parseEmbeddingsBody(text: string): Chunk[] {
  const line = readLine(text);
  const { embedding } = line;
  if (!isVector(embedding)) throw badUpstream('"embedding" is not a vector of numbers');
  return [...(embedding.length > 0 ? vectorPieces(0, embedding) : []), done(doneOf(line, ''))];
}

/** Most lines are a piece of text and nothing else. A delta is never empty. */
function chunks(line: JsonObject, { text, thinking, toolCalls }: Answer, extraJson: string): Chunk[] {
  if (typeof line['done'] !== 'boolean') throw badUpstream('"done" is not a boolean');
  const logprobs = line['logprobs'] === undefined ? [] : readLogprobs(line['logprobs']);
  if (!logprobs) throw badUpstream('"logprobs" have the wrong shape');
  const isDone = line['done'];
  const unknown = isDone ? '' : extraJson;
  const found: Chunk[] = [];
  if (thinking !== '' || toolCalls.length > 0 || logprobs.length > 0 || unknown !== '') {
    found.push(delta({ text, thinking, toolCalls, logprobs, extraJson: unknown }));
  } else if (text !== '') {
    found.push(textDelta(text));
  }
  if (isDone) found.push(done(doneOf(line, extraJson)));
  return found;
}

function doneOf(line: JsonObject, extraJson: string): DoneInit {
  return {
    reason: textField(line, 'done_reason') || 'stop',
    usage: { promptTokens: countField(line, 'prompt_eval_count'), outputTokens: countField(line, 'eval_count') },
    timings: {
      totalMs: msField(line, 'total_duration'),
      loadMs: msField(line, 'load_duration'),
      promptMs: msField(line, 'prompt_eval_duration'),
      outputMs: msField(line, 'eval_duration'),
    },
    context: contextField(line),
    extraJson,
  };
}

function readToolCalls(holder: string): MessageInitShape<typeof ToolCallSchema>[] {
  try {
    return arrayOf(asToolCall)({ raw: spanOf(holder, 'tool_calls'), path: 'tool_calls' });
  } catch (cause) {
    throw badUpstream(ClusterError.from(cause).message, cause);
  }
}

function hasItems(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}
