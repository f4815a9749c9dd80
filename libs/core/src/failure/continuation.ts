import { create } from '@bufbuild/protobuf';
import { ChatSchema, MessageSchema, type Completion } from '@tutti/proto/tutti/agent/v1/call';
import type { Call, Message } from '../generate.ts';

/** Whether an answer to the call is plain text, of which another node can be given the beginning. */
export function mayContinue({ kind, format, logprobs }: Call): boolean {
  if (format || logprobs !== undefined) return false;
  if (kind.case === 'chat') return kind.value.messages.length > 0 && kind.value.tools.length === 0;
  if (kind.case !== 'completion') return false;
  const { prompt, suffix, template, context, raw } = kind.value;
  return prompt !== '' && suffix === undefined && (raw || (template === undefined && context.length === 0));
}

/**
 * The call that asks for the rest of an answer of which `said`, of about `tokens` tokens, is there. Undefined: the
 * answer is as long as it may be. Only for calls that may be continued.
 */
export function continuation(call: Call, said: string, tokens: number): Call | undefined {
  const limit = call.numPredict;
  const rest = { ...call, kind: continuedKind(call, said) };
  if (limit === undefined || limit < 0) return rest;
  return limit > tokens ? { ...rest, numPredict: limit - tokens } : undefined;
}

function continuedKind({ kind }: Call, said: string): Call['kind'] {
  if (kind.case === 'chat') {
    return { case: 'chat', value: { ...kind.value, messages: withAnswer(kind.value.messages, said) } };
  }
  if (kind.case !== 'completion') return kind;
  const completion = kind.value;
  if (completion.raw) return { case: 'completion', value: { ...completion, prompt: completion.prompt + said } };
  return { case: 'chat', value: create(ChatSchema, { messages: withAnswer(asMessages(completion), said) }) };
}

/** A model goes on with the last turn if that is its own. */
function withAnswer(messages: readonly Message[], said: string): Message[] {
  const last = messages.at(-1);
  const begun = last?.role === 'assistant' ? last.parts.at(-1)?.kind : undefined;
  if (begun?.case !== 'text') return [...messages, message('assistant', said)];
  const parts = [...last!.parts.slice(0, -1), ...message('assistant', begun.value + said).parts];
  return [...messages.slice(0, -1), { ...last!, parts }];
}

/** The conversation that a prompt stands for: appended to the prompt, the answer would be words of the user. */
function asMessages({ system, prompt, images }: Completion): Message[] {
  const user = message('user', prompt);
  for (const value of images) user.parts.push({ $typeName: 'tutti.agent.v1.Part', kind: { case: 'media', value } });
  return system === undefined ? [user] : [message('system', system), user];
}

function message(role: string, text: string): Message {
  return create(MessageSchema, { role, parts: [{ kind: { case: 'text', value: text } }] });
}
