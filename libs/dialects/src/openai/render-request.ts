import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { ClusterError, type Call } from '@tutti/core';
import {
  ChatSchema,
  type Chat,
  type Completion,
  type Embed,
  type Format,
  type PartSchema,
} from '@tutti/proto/tutti/agent/v1/call';
import { parseJson } from '../json/parse.ts';
import { folded } from '../json/folded.ts';
import { members, type Member } from '../json/spans.ts';
import { arrayText, objectText, type MaybeMember } from '../json/text.ts';
import { toolText } from '../ollama/tools.ts';
import { refuseOtherModels } from './other-models.ts';
import { messagesText } from './render-messages.ts';
import { samplingMembers } from './render-options.ts';

export interface RequestSettings {
  /** The model, as the server names it. */
  readonly model: string;
  /** Whether the server takes nothing but what OpenAI's own API has a name for. */
  readonly strict: boolean;
}

export interface OpenaiRequest {
  /** Under the server's base URL, which ends with /v1 as a rule. */
  readonly path: '/chat/completions' | '/completions' | '/embeddings';
  /** JSON text. Chats and completions ask for a stream that ends with its counts. */
  readonly body: string;
}

/**
 * The request that makes an OpenAI-compatible server run a call. A text to continue is sent as a question, unless it is
 * meant to go in as it is: only for chats do such servers apply a model's template. Raw spans go in as they are.
 * `invalid_request` names what OpenAI has no place for.
 */
export function renderRequest(call: Call, settings: RequestSettings): OpenaiRequest {
  const { kind } = call;
  switch (kind.case) {
    case 'chat':
      return chatRequest(call, kind.value, settings);
    case 'completion': {
      if (!isPlainText(call, kind.value)) return chatRequest(call, asChat(kind.value), settings);
      const options = samplingMembers(call.optionsJson, settings.strict);
      return { path: '/completions', body: bodyText(call, completionMembers(call, kind.value, settings), { options }) };
    }
    case 'embed':
      return { path: '/embeddings', body: bodyText(call, embedMembers(kind.value, settings)) };
    default:
      throw new ClusterError('invalid_request', 'the call asks for nothing: it has no chat, completion or embed');
  }
}

/** Unknown fields are passed on only to a server whose words they are. */
function speaksOpenai(call: Call): boolean {
  return call.dialect === 'openai';
}

interface Wishes {
  /** The caller's options, in OpenAI's words or a server's. */
  readonly options?: readonly Member[];
  /** They give way to what the caller said in OpenAI's own words. */
  readonly otherwise?: readonly MaybeMember[];
}

/**
 * No name of `own` comes twice, in whatever case and whether it has a value or not: some servers read names in any case,
 * and the last one counts.
 */
function bodyText(call: Call, own: readonly MaybeMember[], { options = [], otherwise = [] }: Wishes = {}): string {
  const extra = speaksOpenai(call) && call.extraJson !== '' ? members(call.extraJson) : [];
  refuseOtherModels([...options, ...extra]);
  const known = new Set(own.map(([key]) => key));
  const said = options.filter(([key]) => !known.has(folded(key)));
  for (const [key] of said) known.add(folded(key));
  const others = extra.filter(([key]) => !known.has(folded(key)));
  const named = new Set(others.map(([key]) => folded(key)));
  return objectText([...own, ...said, ...otherwise.filter(([key]) => !named.has(key)), ...others]);
}

function chatRequest(call: Call, chat: Chat, settings: RequestSettings): OpenaiRequest {
  const { logprobs, format } = call;
  const withExtra = speaksOpenai(call);
  const { tools, choice } = settings.strict ? { tools: chat.tools, choice: chat.toolChoiceJson } : forced(chat);
  const own: MaybeMember[] = [
    ['model', JSON.stringify(settings.model)],
    ['messages', messagesText(chat.messages, { withExtra, strict: settings.strict })],
    ...streamMembers,
    ['tools', tools.length === 0 ? undefined : arrayText(tools.map((tool) => toolText(tool, withExtra)))],
    ['tool_choice', tools.length === 0 || choice === '' ? undefined : choice],
    ['response_format', formatText(format)],
    [settings.strict ? 'max_completion_tokens' : 'max_tokens', limitText(call)],
    ['logprobs', logprobs === undefined ? undefined : 'true'],
    ['top_logprobs', logprobs === undefined || logprobs === 0 ? undefined : String(logprobs)],
  ];
  const options = samplingMembers(call.optionsJson, settings.strict);
  const otherwise = thinkMembers(call.think, settings.strict);
  return { path: '/chat/completions', body: bodyText(call, own, { options, otherwise }) };
}

/** llama-server and LM Studio know only the words: a function that must be called becomes the only one there is. */
function forced({ tools, toolChoiceJson: choice }: Chat): { tools: Chat['tools']; choice: string } {
  const named = namedFunction(choice);
  const found = tools.filter(({ name }) => name === named);
  return found.length === 0 ? { tools, choice } : { tools: found, choice: '"required"' };
}

function namedFunction(choice: string): unknown {
  if (!choice.startsWith('{')) return undefined;
  return (parseJson(choice) as { function?: { name?: unknown } }).function?.name;
}

/** Whether the answer must call a function. */
export function mustCall({ kind }: Call): boolean {
  if (kind.case !== 'chat') return false;
  const { tools, toolChoiceJson } = kind.value;
  return tools.length > 0 && !['', '"auto"', '"none"'].includes(toolChoiceJson);
}

const streamMembers: readonly Member[] = [
  ['stream', 'true'],
  ['stream_options', '{"include_usage":true}'],
];

/** A negative limit means none. */
function limitText({ numPredict }: Call): string | undefined {
  return numPredict === undefined || numPredict < 0 ? undefined : String(numPredict);
}

/** OpenAI has a word for how much to think; whether to think at all is said to the model's template. */
function thinkMembers(think: string | undefined, strict: boolean): MaybeMember[] {
  if (think === undefined) return [];
  const effort = think === 'false' ? 'none' : think;
  const template: MaybeMember = ['chat_template_kwargs', `{"enable_thinking":${think !== 'false'}}`];
  const reasoning: MaybeMember[] = think === 'true' ? [] : [['reasoning_effort', JSON.stringify(effort)]];
  return strict ? reasoning : [...reasoning, template];
}

function formatText(format: Format | undefined): string | undefined {
  if (format?.kind.case === 'json') return format.kind.value ? '{"type":"json_object"}' : undefined;
  if (format?.kind.case !== 'schemaJson') return undefined;
  const schema = objectText([
    ['name', JSON.stringify(format.name || 'answer')],
    ['strict', format.strict ? 'true' : undefined],
    ['schema', format.kind.value],
  ]);
  return `{"type":"json_schema","json_schema":${schema}}`;
}

/** Whether the text goes in untouched by any template, or between two texts. */
function isPlainText(call: Call, { raw, suffix }: Completion): boolean {
  return raw || suffix !== undefined || speaksOpenai(call);
}

/** A text to answer, as the conversation that it would become by the model's template. */
function asChat(completion: Completion): Chat {
  const { prompt, system, images } = completion;
  refuseUnknown(completion);
  const turn = (role: string, parts: MessageInitShape<typeof PartSchema>[]) => ({ role, parts });
  const words = (text: string) => ({ kind: { case: 'text', value: text } as const });
  const media = images.map((value) => ({ kind: { case: 'media', value } as const }));
  return create(ChatSchema, {
    messages: [...(system ? [turn('system', [words(system)])] : []), turn('user', [...media, words(prompt)])],
  });
}

function refuseUnknown({ context, template }: Completion): void {
  if (context.length > 0) throw unknown('context', 'send the conversation as a chat');
  if (template !== undefined) throw unknown('template', 'leave it out, or send the prompt as it is with "raw"');
}

function unknown(param: string, advice: string): ClusterError {
  const message = `The model's server speaks OpenAI's API, which has no "${param}": ${advice}.`;
  return new ClusterError('invalid_request', message, { param });
}

function completionMembers(call: Call, completion: Completion, settings: RequestSettings): MaybeMember[] {
  const { prompt, suffix, system, raw, images } = completion;
  refuseUnknown(completion);
  if (system && !raw) throw unknown('system', 'send the prompt as a chat');
  if (images.length > 0) throw unknown('images', 'send them in a chat');
  if (settings.strict && call.format !== undefined) throw unknown('format', 'send the prompt as a chat');
  return [
    ['model', JSON.stringify(settings.model)],
    ['prompt', JSON.stringify(prompt)],
    ['suffix', suffix === undefined ? undefined : JSON.stringify(suffix)],
    ...streamMembers,
    // OpenAI has none here, and a client may have put in what its server knows.
    ...(call.format ? [['response_format', formatText(call.format)] as const] : []),
    ['max_tokens', limitText(call)],
    ['logprobs', call.logprobs === undefined ? undefined : String(call.logprobs)],
  ];
}

/** Such servers give vectors of length 1; llama-server can be told to leave them as they are. */
function embedMembers({ inputs, dimensions, raw }: Embed, { model, strict }: RequestSettings): MaybeMember[] {
  return [
    ['model', JSON.stringify(model)],
    ['input', arrayText(inputs.map((input) => JSON.stringify(input)))],
    ['dimensions', dimensions === undefined ? undefined : String(dimensions)],
    ['embd_normalize', raw && !strict ? '-1' : undefined],
  ];
}
