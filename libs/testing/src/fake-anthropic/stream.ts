import type { ServerResponse } from 'node:http';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { schemaInstance } from '../fake-ollama/schema-instance.ts';
import { blocksOf, type AnthropicRequest } from './complaint.ts';
import type { FakeAnthropicOptions, MidStreamFault } from './fake-anthropic.ts';

/** Streams the answer to a message: what was thought, if that was wanted, and a text or a call of a tool. */
export async function stream(
  response: ServerResponse,
  request: AnthropicRequest,
  { answer, tokens = 16, tokenDelayMs = 0 }: FakeAnthropicOptions,
  fault: MidStreamFault | undefined,
): Promise<void> {
  const prompt = promptOf(request);
  let index = 0;
  const send = (type: string, members: object = {}): boolean =>
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`);
  const grow = (delta: object): boolean => send('content_block_delta', { index, delta });
  const open = (block: object): boolean => send('content_block_start', { index, content_block: block });
  const close = (): boolean => send('content_block_stop', { index: index++ });
  const end = (stop: object, output: number): void => {
    send('message_delta', { delta: { stop_sequence: null, ...stop }, usage: { output_tokens: output } });
    send('message_stop');
    response.end();
  };

  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const usage = { input_tokens: words(prompt).length, cache_read_input_tokens: 4, output_tokens: 1 };
  send('message_start', { message: { id: 'msg_1', role: 'assistant', model: request.model, content: [], usage } });
  send('ping');
  if (request.thinking?.type === 'enabled') {
    open({ type: 'thinking', thinking: '', signature: '' });
    grow({ type: 'thinking_delta', thinking: 'Let me see.' });
    grow({ type: 'signature_delta', signature: 'EqQB' });
    close();
  }
  const tool = /call:([\w.-]+)/.exec(prompt)?.[1];
  if (request.tools?.some(({ name }) => name === tool)) {
    open({ type: 'tool_use', id: 'toolu_fake1', name: tool, input: {} });
    for (const piece of ['', '{"city":', '"Paris"}']) grow({ type: 'input_json_delta', partial_json: piece });
    close();
    return end({ stop_reason: 'tool_use' }, 3);
  }
  open({ type: 'text', text: '' });
  let sent = 0;
  let stop: object = { stop_reason: 'end_turn' };
  for (const token of tokensOf(request, prompt, answer, tokens)) {
    if (sent >= request.max_tokens!) stop = { stop_reason: 'max_tokens' };
    const stopped = request.stop_sequences?.find((text) => token.trim() === text);
    if (stopped !== undefined) stop = { stop_reason: 'stop_sequence', stop_sequence: stopped };
    if (sent >= request.max_tokens! || stopped !== undefined || response.destroyed) break;
    if (sent === 1 && fault !== undefined) return breakOff(response, fault, send);
    await (tokenDelayMs > 0 ? setTimeout(tokenDelayMs) : setImmediate());
    grow({ type: 'text_delta', text: token });
    sent += 1;
  }
  close();
  end(stop, sent);
}

function breakOff(
  response: ServerResponse,
  fault: MidStreamFault,
  send: (type: string, members: object) => boolean,
): void {
  if (fault === 'reset') return void response.socket?.resetAndDestroy();
  if (fault === 'errorEvent') send('error', { error: { type: 'overloaded_error', message: 'Overloaded' } });
  response.end();
}

/** The words of the last turn. */
function promptOf({ messages }: AnthropicRequest): string {
  return blocksOf(messages.at(-1)?.content ?? '')
    .map(({ text = '' }) => text)
    .join(' ');
}

function words(text: string): readonly string[] {
  return text.match(/\s*\S+/g) ?? [];
}

function tokensOf(
  { output_config: config }: AnthropicRequest,
  prompt: string,
  answer: ((prompt: string) => string) | undefined,
  tokens: number,
): readonly string[] {
  if (config?.format) return JSON.stringify(schemaInstance(config.format.schema)).match(/\w+|\W/g) ?? [];
  if (answer) return words(answer(prompt));
  const source = words(prompt);
  return Array.from({ length: tokens }, (_, at) =>
    ` ${source[at % source.length]?.trim() ?? 'Hello'}`.slice(at === 0 ? 1 : 0),
  );
}
