import { ClusterError, type Call, type Message } from '@tutti/core';
import type { Chat, Completion, Embed, Format, Media } from '@tutti/proto/tutti/agent/v1/call';
import { encodeBase64 } from '../json/base64.ts';
import { folded } from '../json/folded.ts';
import { members, type Member } from '../json/spans.ts';
import { arrayText, objectText } from '../json/text.ts';
import { toolCallsText } from './tool-calls.ts';
import { toolText } from './tools.ts';

export interface RequestSettings {
  /** Whether the answer is wanted line by line. */
  readonly stream: boolean;
  /** Context length in tokens to ask for. Absent: what the call would like. */
  readonly numCtx?: number;
}

export interface OllamaRequest {
  readonly path: '/api/chat' | '/api/generate' | '/api/embed' | '/api/embeddings';
  /** JSON text. */
  readonly body: string;
}

type MaybeMember = readonly [key: string, raw: string | undefined];

/** The request that makes Ollama run a call. Raw spans go in as they are; typed fields win over them. */
export function renderRequest(call: Call, settings: RequestSettings): OllamaRequest {
  const { kind } = call;
  const runner = runnerMembers(call, settings);
  switch (kind.case) {
    case 'chat': {
      const own = [...chatMembers(kind.value, speaksOllama(call)), ...answerMembers(call, settings)];
      return { path: '/api/chat', body: bodyText(call, [...runner, ...own]) };
    }
    case 'completion': {
      const own = [...completionMembers(kind.value), ...answerMembers(call, settings)];
      return { path: '/api/generate', body: bodyText(call, [...runner, ...own]) };
    }
    case 'embed':
      return kind.value.raw
        ? { path: '/api/embeddings', body: bodyText(call, [...runner, ...rawEmbedMembers(kind.value)]) }
        : { path: '/api/embed', body: bodyText(call, [...runner, ...embedMembers(kind.value)]) };
    default:
      throw new ClusterError('invalid_request', 'the call asks for nothing: it has no chat, completion or embed');
  }
}

/** Unknown fields are passed on only to a server whose words they are. */
function speaksOllama(call: Call): boolean {
  return call.dialect === 'ollama';
}

function bodyText(call: Call, own: readonly MaybeMember[]): string {
  const known = new Set(own.map(([key]) => key));
  const unknown = speaksOllama(call) ? spanMembers(call.extraJson) : [];
  // To Ollama null is the same as nothing, and nothing would undo `neverCut`.
  const extra = unknown.filter(([key, raw]) => !known.has(folded(key)) && raw !== 'null');
  const guards = call.kind.case === 'embed' ? [] : unlessNamed(extra, neverCut);
  return objectText([...own, ...guards, ...extra]);
}

/** Unless told otherwise, Ollama cuts a prompt that is too long, and forgets its beginning, without a word. */
const neverCut: readonly Member[] = [
  ['truncate', 'false'],
  ['shift', 'false'],
];

function unlessNamed(given: readonly Member[], defaults: readonly Member[]): Member[] {
  return defaults.filter(([key]) => !given.some(([named]) => named === key));
}

function runnerMembers(call: Call, settings: RequestSettings): MaybeMember[] {
  return [
    ['model', JSON.stringify(call.model)],
    ['keep_alive', call.keepAliveMs === undefined ? undefined : keepAliveText(call.keepAliveMs)],
    ['options', optionsText(call, settings)],
  ];
}

function keepAliveText(keepAliveMs: number): string {
  return keepAliveMs < 0 ? '-1' : String(keepAliveMs / 1000);
}

function optionsText(call: Call, settings: RequestSettings): string | undefined {
  const options = new Map(spanMembers(call.optionsJson));
  const numCtx = settings.numCtx ?? call.numCtx?.preferred ?? 0;
  if (numCtx > 0) options.set('num_ctx', String(numCtx));
  if (call.numPredict !== undefined) options.set('num_predict', String(call.numPredict));
  return options.size === 0 ? undefined : objectText(options);
}

function answerMembers(call: Call, settings: RequestSettings): MaybeMember[] {
  const { format, think, logprobs } = call;
  return [
    ['stream', String(settings.stream)],
    ['format', formatText(format)],
    ['think', think === 'true' || think === 'false' ? think : maybeString(think)],
    ['logprobs', logprobs === undefined ? undefined : 'true'],
    ['top_logprobs', logprobs === undefined || logprobs === 0 ? undefined : String(logprobs)],
  ];
}

function formatText(format: Format | undefined): string | undefined {
  if (format?.kind.case === 'schemaJson') return format.kind.value;
  return format?.kind.case === 'json' && format.kind.value ? '"json"' : undefined;
}

function chatMembers(chat: Chat, withExtra: boolean): MaybeMember[] {
  // Ollama has no tool_choice; that no tool may be used can be said by naming none.
  const tools = chat.toolChoiceJson === '"none"' ? [] : chat.tools;
  return [
    ['messages', arrayText(chat.messages.map((message) => messageText(message, withExtra)))],
    ['tools', tools.length === 0 ? undefined : arrayText(tools.map((tool) => toolText(tool, withExtra)))],
  ];
}

function messageText(message: Message, withExtra: boolean): string {
  const texts = message.parts.flatMap(({ kind }) => (kind.case === 'text' ? [kind.value] : []));
  const media = message.parts.flatMap(({ kind }) => (kind.case === 'media' ? [kind.value] : []));
  return objectText([
    ['role', JSON.stringify(message.role)],
    ['content', JSON.stringify(texts.join('\n'))],
    ['thinking', maybeString(message.thinking)],
    ['images', imagesText(media)],
    ['tool_calls', message.toolCalls.length === 0 ? undefined : toolCallsText(message.toolCalls, withExtra)],
    ['tool_name', maybeString(message.toolName)],
    ['tool_call_id', maybeString(message.toolCallId)],
    ...(withExtra ? spanMembers(message.extraJson) : []),
  ]);
}

function completionMembers(completion: Completion): MaybeMember[] {
  const { prompt, suffix, system, template, raw, images, context } = completion;
  return [
    ['prompt', JSON.stringify(prompt)],
    ['suffix', suffix === undefined ? undefined : JSON.stringify(suffix)],
    ['system', system === undefined ? undefined : JSON.stringify(system)],
    ['template', template === undefined ? undefined : JSON.stringify(template)],
    ['raw', raw ? 'true' : undefined],
    ['images', imagesText(images)],
    ['context', context.length === 0 ? undefined : arrayText(context.map(String))],
  ];
}

function embedMembers(embed: Embed): MaybeMember[] {
  return [
    ['input', arrayText(embed.inputs.map((input) => JSON.stringify(input)))],
    ['truncate', embed.truncate === undefined ? undefined : String(embed.truncate)],
    ['dimensions', embed.dimensions === undefined ? undefined : String(embed.dimensions)],
  ];
}

/** Vectors as the model makes them are to be had by the older route alone, which takes one text and cuts none. */
function rawEmbedMembers({ inputs, dimensions }: Embed): MaybeMember[] {
  if (inputs.length > 1 || dimensions !== undefined) {
    throw new ClusterError('invalid_request', 'Ollama makes vectors as they are of one text at a time, at full length');
  }
  return [['prompt', JSON.stringify(inputs[0] ?? '')]];
}

function imagesText(images: readonly Media[]): string | undefined {
  return images.length === 0 ? undefined : arrayText(images.map(({ data }) => `"${encodeBase64(data)}"`));
}

function maybeString(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : JSON.stringify(text);
}

function spanMembers(text: string): Member[] {
  return text === '' ? [] : members(text);
}
