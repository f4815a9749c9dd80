import { ClusterError, type Call, type Message } from '@tutti/core';
import type { JsonObject, RunWishes, Turn } from '@tutti/core/patterns';
import { refuseWish, runWishesOf } from './run-wishes.ts';

type Completion = Extract<Call['kind'], { case: 'completion' }>['value'];
type Media = Completion['images'][number];

/** What a run is asked for, by a call. */
interface RunRequest {
  readonly body: JsonObject;
  readonly budget?: { readonly maxTokens: number };
  readonly wishes?: RunWishes;
}

/** Tokens of all calls together, for each that the answer may have: what they are without any wish. */
const answersPerRun = 16;

/** Reads a call as the request of a run; refuses what no pattern can do. Undefined: it only loads the model. */
export function runRequestOf(call: Call): RunRequest | undefined {
  refuseUnsupported(call);
  const messages = turnsOf(call);
  if (messages.length === 0) return undefined;
  const wishes = runWishesOf(call);
  const asked = { ...(Object.keys(wishes).length > 0 && { wishes }) };
  const { numPredict = 0 } = call;
  if (numPredict <= 0) return { body: { messages }, ...asked };
  return { body: { messages, maxTokens: numPredict }, budget: { maxTokens: numPredict * answersPerRun }, ...asked };
}

function turnsOf({ kind, model }: Call): readonly Turn[] {
  if (kind.case === 'chat') return kind.value.messages.map(turnOf);
  if (kind.case === 'completion') return turnsOfCompletion(kind.value);
  throw new ClusterError('invalid_request', `"${model}" answers chats and completions, and does not embed.`, {
    param: 'model',
  });
}

function turnsOfCompletion({ prompt, system, images }: Completion): readonly Turn[] {
  if (prompt === '' && images.length === 0) return [];
  const asked: Turn = { role: 'user', content: prompt, ...(images.length > 0 && { images: images.map(base64) }) };
  return system ? [{ role: 'system', content: system }, asked] : [asked];
}

function turnOf({ role, parts, toolCalls, toolName }: Message): Turn {
  const images = parts.flatMap(({ kind }) => (kind.case === 'media' ? [base64(kind.value)] : []));
  const calls = toolCalls.map(({ id, name, argumentsJson }) => ({ id, name, arguments: argumentsJson }));
  return {
    // A role that is none is refused by the pattern.
    role: role as Turn['role'],
    content: parts.flatMap(({ kind }) => (kind.case === 'text' ? [kind.value] : [])).join('\n'),
    ...(images.length > 0 && { images }),
    ...(calls.length > 0 && { toolCalls: calls }),
    ...(toolName !== '' && { toolName }),
  };
}

function base64({ data }: Media): string {
  return Buffer.from(data).toString('base64');
}

function refuseUnsupported({ model, kind, format, logprobs }: Call): void {
  const chat = kind.case === 'chat' ? kind.value : undefined;
  const completion = kind.case === 'completion' ? kind.value : undefined;
  const wishes = {
    tools: chat !== undefined && chat.tools.length > 0,
    format: format !== undefined,
    logprobs: logprobs !== undefined,
    suffix: completion?.suffix !== undefined && completion.suffix !== '',
    template: completion?.template !== undefined && completion.template !== '',
    raw: completion?.raw === true,
    context: completion !== undefined && completion.context.length > 0,
  };
  const wish = Object.entries(wishes).find(([, wanted]) => wanted)?.[0];
  if (wish !== undefined) throw refuseWish(model, wish);
}
