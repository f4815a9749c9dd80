/**
 * The second hop of the bare relay: what an agent must do at least. It accepts, asks the backend, parses each line, and
 * sends what one turn of the event loop brought as one message. No slots, no cancel, no back-pressure, no errors told.
 */
import { create } from '@bufbuild/protobuf';
import { Server, ServerCredentials, type ServerWritableStream } from '@grpc/grpc-js';
import { InvokeResponseSchema, type InvokeRequest, type InvokeResponse } from '@tutti/proto/tutti/agent/v1/agent';
import type { Call, Part } from '@tutti/proto/tutti/agent/v1/call';
import { ChunkSchema, type Chunk } from '@tutti/proto/tutti/agent/v1/chunk';
import { Pool } from 'undici';
import { invoke } from './invoke.ts';

const [backendUrl = ''] = process.argv.slice(2);
const pool = new Pool(backendUrl, { connections: null });

/** Every answer begins with it: the proto says so. */
const accepted = { kind: { case: 'progress', value: { kind: { case: 'accepted', value: {} } } } } as const;

async function answer(call: ServerWritableStream<InvokeRequest, InvokeResponse>): Promise<void> {
  let batch: Chunk[] = [];
  const flush = (): void => {
    if (batch.length > 0) call.write(create(InvokeResponseSchema, { chunks: batch }));
    batch = [];
  };
  const add = (chunk: Chunk): void => {
    if (batch.push(chunk) === 1) setImmediate(flush);
  };
  add(create(ChunkSchema, accepted));
  const { body } = await pool.request({ method: 'POST', path: '/api/chat', body: requestText(call.request.call!) });
  body.setEncoding('utf8');
  let rest = '';
  for await (const text of body as AsyncIterable<string>) {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) add(chunkOf(JSON.parse(line) as Line));
  }
  flush();
  call.end();
}

function requestText({ model, kind, optionsJson }: Call): string {
  const messages = kind.case === 'chat' ? kind.value.messages : [];
  const turns = messages.map(({ role, parts }) => ({ role, content: parts.map(wordsOf).join('') }));
  return JSON.stringify({ model, messages: turns, options: JSON.parse(optionsJson), stream: true });
}

function wordsOf({ kind }: Part): string {
  return kind.case === 'text' ? kind.value : '';
}

interface Line {
  readonly message: { readonly content: string };
  readonly done: boolean;
  readonly done_reason?: string;
  readonly prompt_eval_count?: number;
  readonly eval_count?: number;
  readonly total_duration?: number;
}

function chunkOf(line: Line): Chunk {
  if (!line.done) return create(ChunkSchema, { kind: { case: 'delta', value: { text: line.message.content } } });
  const usage = { promptTokens: line.prompt_eval_count, outputTokens: line.eval_count };
  const timings = { totalMs: (line.total_duration ?? 0) / 1e6 };
  return create(ChunkSchema, { kind: { case: 'done', value: { reason: line.done_reason ?? '', usage, timings } } });
}

const server = new Server();
server.addService(
  { invoke },
  { invoke: (call: ServerWritableStream<InvokeRequest, InvokeResponse>) => void answer(call) },
);
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_, port) => process.send?.({ ready: { port } }));
process.on('disconnect', () => process.exit());
