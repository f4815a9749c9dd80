import { goJson } from './go-json.ts';
import type { Piece } from './lines.ts';
import type { Model } from './model.ts';
import type { Request } from './request.ts';
import { schemaInstance } from './schema-instance.ts';

export interface Answering {
  /** What the model says: a text, cut into one token a word, or the tokens. */
  readonly answer?: (prompt: string) => string | Iterable<string>;
  /** The value that the model gives to a schema; undefined: the smallest that it allows. */
  readonly instance?: (prompt: string) => unknown;
  /** Length of the default answer: the prompt's words, repeated. */
  readonly tokens: number;
}

/** Every tool call is the same, and arrives as one piece. */
const toolArguments = { city: 'Paris' };
const toolCallTokens = 20;

/** Everything the model will say to a request, one piece a token. */
export function* script(request: Request, model: Model, prompt: string, answering: Answering): Generator<Piece> {
  const spelled = request.logprobs === true;
  if (model.capabilities.includes('thinking') && request.think !== false) {
    for (const thinking of words('Let me think.')) yield piece({ content: '', thinking }, thinking, spelled, request);
  }
  const tool = calledTool(request, prompt);
  if (tool !== undefined) {
    yield { content: '', toolCalls: toolCall(tool, prompt), tokens: toolCallTokens };
    return;
  }
  const tokens = contentTokens(request, prompt, answering);
  const stop = stopSequences(request);
  for (const token of stop.length > 0 ? untilStop(tokens, stop) : tokens) {
    yield spelled ? piece({ content: token }, token, spelled, request) : { content: token };
  }
}

/** Counts tokens: one a word. */
export function countTokens(text: string): number {
  return words(text).length;
}

function words(text: string): readonly string[] {
  return text.match(/\s*\S+/g) ?? [];
}

function contentTokens(request: Request, prompt: string, { answer, instance, tokens }: Answering): Iterable<string> {
  const { format } = request;
  if (format === 'json') return ['{', '}'];
  if (typeof format === 'object' && format !== null) {
    return jsonTokens(goJson(instance?.(prompt) ?? schemaInstance(format)));
  }
  const answered = answer?.(prompt);
  if (typeof answered === 'string') return words(answered);
  return answered ?? repeated(words(prompt), tokens);
}

function jsonTokens(json: string): readonly string[] {
  return json.match(/"(?:[^"\\]|\\.)*"|[^"{}[\],:]+|./gs) ?? [];
}

function* repeated(source: readonly string[], count: number): Generator<string> {
  const spaced = source.length > 0 ? source.map((word) => ` ${word.trim()}`) : [' Hello'];
  if (count > 0) yield spaced[0]?.slice(1) ?? '';
  for (let i = 1; i < count; i++) yield spaced[i % spaced.length] ?? '';
}

function stopSequences(request: Request): readonly string[] {
  const stop = request.options?.['stop'];
  return Array.isArray(stop) ? (stop as string[]).filter((sequence) => sequence !== '') : [];
}

/** Cuts the text at the first stop sequence. Sees those that lie within two tokens. */
function* untilStop(tokens: Iterable<string>, stop: readonly string[]): Generator<string> {
  let before = '';
  for (const token of tokens) {
    const text = before + token;
    const positions = stop.map((sequence) => text.indexOf(sequence)).filter((at) => at >= 0);
    if (positions.length > 0) {
      const rest = text.slice(before.length, Math.min(...positions));
      if (rest !== '') yield rest;
      return;
    }
    yield token;
    before = token;
  }
}

function calledTool(request: Request, prompt: string): string | undefined {
  if (!request.tools?.length) return undefined;
  return /call:([\w.-]+)/.exec(prompt)?.[1];
}

/** Ids look like Ollama's random ones, but the same prompt gets the same. */
function toolCall(name: string, prompt: string): string {
  let seed = 7;
  for (const character of prompt) seed = (seed * 31 + character.charCodeAt(0)) % 2_821_109_907_456;
  const id = `call_${seed.toString(36).padStart(8, '0').slice(0, 8)}`;
  return `[{"id":"${id}","function":{"index":0,"name":${goJson(name)},"arguments":${goJson(toolArguments)}}}]`;
}

function piece(base: Piece, token: string, spelled: boolean, request: Request): Piece {
  return spelled ? { ...base, logprobs: logprob(token, request.top_logprobs ?? 0) } : base;
}

function logprob(token: string, top: number): string {
  const entry = { token, logprob: -0.25, bytes: [...Buffer.from(token)] };
  const others = Array.from({ length: Math.max(0, top - 1) }, (_, i) => {
    const other = `${token}${i + 1}`;
    return { token: other, logprob: -1.5 - i, bytes: [...Buffer.from(other)] };
  });
  return goJson(top > 0 ? { ...entry, top_logprobs: [entry, ...others] } : entry);
}
