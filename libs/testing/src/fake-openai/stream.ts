import type { ServerResponse } from 'node:http';
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { MidStreamFault, Strike } from './faults.ts';
import { calledTool, promptOf, tokensOf, toolArguments, words, type OpenaiRequest } from './said.ts';

interface Speaking {
  readonly answer?: ((prompt: string) => string) | undefined;
  readonly tokens: number;
  readonly tokenDelayMs: number;
  /** Whether it tells counts to whoever asks. */
  readonly usage: boolean;
}

/** Around the words of a prompt. */
const templateTokens = 5;

/** Streams the answer to a chat or a text. */
export async function stream(
  response: ServerResponse,
  request: OpenaiRequest,
  speaking: Speaking,
  strike: Strike | undefined,
): Promise<void> {
  const isChat = request.messages !== undefined;
  const prompt = promptOf(request);
  const limit = request.max_completion_tokens ?? request.max_tokens ?? Infinity;
  const object = isChat ? 'chat.completion.chunk' : 'text_completion';
  const send = (fields: object): boolean =>
    response.write(`data: ${JSON.stringify({ id: 'x-1', object, created: 1, model: request.model, ...fields })}\n\n`);
  const choice = (fields: object, finish: string | null = null): boolean =>
    send({ choices: [{ index: 0, ...fields, finish_reason: finish }] });
  const say = (text: string): boolean =>
    choice({ ...(isChat ? { delta: { content: text } } : { text }), ...logprobsOf(request, text) });

  response.writeHead(200, { 'content-type': 'text/event-stream' });
  if (isChat) choice({ delta: { role: 'assistant', content: '' } });
  const tool = calledTool(request, prompt);
  let sent = 0;
  let finish = 'stop';
  if (tool !== undefined) {
    finish = 'tool_calls';
    sent = sendToolCall(tool, (delta) => choice({ delta }));
  } else {
    for (const token of tokensOf(request, prompt, speaking)) {
      if (sent >= limit) finish = 'length';
      if (sent >= limit || response.destroyed) break;
      if (strike?.afterTokens === sent && broken(response, strike.fault as MidStreamFault)) return;
      await (speaking.tokenDelayMs > 0 ? setTimeout(speaking.tokenDelayMs) : setImmediate());
      say(token);
      sent += 1;
    }
  }
  choice(isChat ? { delta: {} } : { text: '' }, finish);
  if (speaking.usage && request.stream_options?.include_usage) {
    const counts = { prompt_tokens: words(prompt).length + templateTokens, completion_tokens: sent };
    send({ choices: [], usage: { ...counts, total_tokens: counts.prompt_tokens + sent } });
  }
  response.end('data: [DONE]\n\n');
}

/** As OpenAI does it: the name first, then the arguments in pieces. */
function sendToolCall(name: string, send: (delta: object) => void): number {
  const pieces = toolArguments.match(/.{1,6}/g) ?? [];
  send({ tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name, arguments: '' } }] });
  for (const piece of pieces) send({ tool_calls: [{ index: 0, function: { arguments: piece } }] });
  return pieces.length;
}

function logprobsOf({ logprobs, messages }: OpenaiRequest, token: string): object {
  if (logprobs === undefined || logprobs === false) return {};
  if (!messages) return { logprobs: { tokens: [token], token_logprobs: [-0.25], top_logprobs: [{ [token]: -0.25 }] } };
  const one = { token, logprob: -0.25, bytes: [...Buffer.from(token)] };
  return { logprobs: { content: [{ ...one, top_logprobs: [one] }] } };
}

/** Breaks off. False: the stream goes on. */
function broken(response: ServerResponse, fault: MidStreamFault): boolean {
  switch (fault) {
    case 'reset':
      response.socket?.resetAndDestroy();
      return true;
    case 'halfLine':
      response.end('data: {"choices":[{"index":0,"del');
      return true;
    case 'errorEvent':
      response.end('data: {"error":{"message":"slot was lost","type":"server_error","code":500}}\n\n');
      return true;
    case 'endWithoutDone':
      response.end();
      return true;
    case 'longLine':
      response.write(`data: ${'x'.repeat(9 * 2 ** 20)}`);
      return false;
    default:
      return fault === 'hangMidStream';
  }
}
