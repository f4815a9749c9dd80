/**
 * The first hop of the bare relay: what an orchestrator must do at least. It parses the request, sends it to the one
 * agent there is, and renders each chunk. No queue, no cancel, no back-pressure, no errors told.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { create } from '@bufbuild/protobuf';
import { Client, credentials } from '@grpc/grpc-js';
import { InvokeRequestSchema, type InvokeRequest, type InvokeResponse } from '@tutti/proto/tutti/agent/v1/agent';
import type { Chunk, Done } from '@tutti/proto/tutti/agent/v1/chunk';
import { invoke } from './invoke.ts';

const [agentAddress = ''] = process.argv.slice(2);
const agent = new Client(agentAddress, credentials.createInsecure());

interface Request {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly stream?: boolean;
  readonly options?: object;
}

const server = createServer((request, response) => void answer(request, response));

async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of incoming as AsyncIterable<Buffer>) pieces.push(piece);
  const request = JSON.parse(Buffer.concat(pieces).toString('utf8')) as Request;
  const { path, requestSerialize, responseDeserialize } = invoke;
  const call = agent.makeServerStreamRequest(path, requestSerialize, responseDeserialize, invokeRequest(request));
  if (request.stream === false) sendWhole(call, response, request.model);
  else sendStream(call, response, request.model);
}

type AgentCall = ReturnType<typeof agent.makeServerStreamRequest<InvokeRequest, InvokeResponse>>;

function sendStream(call: AgentCall, response: ServerResponse, model: string): void {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  call.on('data', ({ chunks }: InvokeResponse) => {
    const text = chunks.map((chunk) => lineOf(chunk, model)).join('');
    if (text !== '') response.write(text);
  });
  call.on('end', () => response.end());
}

function sendWhole(call: AgentCall, response: ServerResponse, model: string): void {
  let content = '';
  let end: Done | undefined;
  call.on('data', ({ chunks }: InvokeResponse) => {
    for (const { kind } of chunks) {
      if (kind.case === 'delta') content += kind.value.text;
      if (kind.case === 'done') end = kind.value;
    }
  });
  call.on('end', () => {
    const body = doneText(end!, content, model);
    const length = Buffer.byteLength(body);
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'content-length': length }).end(body);
  });
}

function invokeRequest({ model, messages, options }: Request): InvokeRequest {
  const turns = messages.map(({ role, content }) => ({
    role,
    parts: [{ kind: { case: 'text' as const, value: content } }],
  }));
  const kind = { case: 'chat' as const, value: { messages: turns } };
  return create(InvokeRequestSchema, { call: { model, kind, optionsJson: JSON.stringify(options ?? {}) } });
}

/** "" for what a client does not see. */
function lineOf({ kind }: Chunk, model: string): string {
  if (kind.case === 'done') return `${doneText(kind.value, '', model)}\n`;
  if (kind.case !== 'delta') return '';
  const message = { role: 'assistant', content: kind.value.text };
  return `${JSON.stringify({ model, created_at: now(), message, done: false })}\n`;
}

function doneText({ reason, usage, timings }: Done, content: string, model: string): string {
  return JSON.stringify({
    model,
    created_at: now(),
    message: { role: 'assistant', content },
    done: true,
    done_reason: reason,
    total_duration: Math.round((timings?.totalMs ?? 0) * 1e6),
    prompt_eval_count: usage?.promptTokens,
    eval_count: usage?.outputTokens,
  });
}

function now(): string {
  return new Date().toISOString();
}

server.listen(0, '127.0.0.1', () => process.send?.({ ready: { port: (server.address() as AddressInfo).port } }));
process.on('disconnect', () => process.exit());
