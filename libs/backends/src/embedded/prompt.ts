import type { Completion } from '@tutti/proto/tutti/agent/v1/call';
import type { ChatHistoryItem, ChatWrapper, LlamaModel, LlamaText, Token } from 'node-llama-cpp';
import { oneTurn } from './history.ts';
import type { Library } from './runtime.ts';
import type { ThoughtTags } from './thought.ts';

/** A prompt as the model reads it, and what ends its answer. */
export interface Prompt {
  readonly tokens: readonly Token[];
  readonly stopTokens: ReadonlySet<Token>;
  readonly stopTexts: readonly string[];
  readonly thoughtTags: ThoughtTags | undefined;
}

/** The text as it is, with the model's beginning-of-text token if it wants one. */
function rawPrompt(text: string, model: LlamaModel): Prompt {
  const tokens = model.tokenize(text, true);
  const { bos, shouldPrependBosToken } = model.tokens;
  const needsBos = shouldPrependBosToken && bos !== null && tokens[0] !== bos;
  return { tokens: needsBos ? [bos, ...tokens] : tokens, stopTokens: new Set(), stopTexts: [], thoughtTags: undefined };
}

/** The conversation in the model's chat template, open for what the model says next. */
export function chatPrompt(
  history: readonly ChatHistoryItem[],
  wrapper: ChatWrapper,
  model: LlamaModel,
  library: Library,
): Prompt {
  const tags = thoughtTags(wrapper);
  const state = wrapper.generateContextState({ chatHistory: history });
  const opening =
    tags?.startsOpen === true && tags.open !== '' ? [new library.SpecialTokensText(`${tags.open}\n`)] : [];
  const text = library.LlamaText([state.contextText, ...opening]);
  const stops = state.stopGenerationTriggers.map((trigger) => ({ trigger, tokens: trigger.tokenize(model.tokenizer) }));
  return {
    tokens: withoutUnwantedBos(text.tokenize(model.tokenizer), model),
    stopTokens: new Set(stops.flatMap(({ tokens }) => (tokens.length === 1 ? tokens : []))),
    stopTexts: stops.flatMap(({ trigger, tokens }) => (tokens.length > 1 ? [plain(trigger)] : [])),
    thoughtTags: tags,
  };
}

/**
 * A raw prompt as it is; else one turn in the chat template, if the model has one, after the tokens of earlier turns.
 */
export function completionPrompt(
  { prompt, raw, system, context }: Completion,
  wrapper: ChatWrapper,
  model: LlamaModel,
  library: Library,
): Prompt {
  if (raw || template(model) === '') return rawPrompt(prompt, model);
  const turn = chatPrompt(oneTurn(system, prompt), wrapper, model, library);
  return { ...turn, tokens: [...(context as Token[]), ...turn.tokens] };
}

/**
 * The library's chat templates begin with the token even where the model's metadata and its own template do not want
 * it.
 */
function withoutUnwantedBos(tokens: Token[], model: LlamaModel): Token[] {
  const wanted = model.tokens.shouldPrependBosToken || template(model).includes('bos_token');
  return !wanted && tokens[0] === model.tokens.bos ? tokens.slice(1) : tokens;
}

function thoughtTags(wrapper: ChatWrapper): ThoughtTags | undefined {
  const segment = wrapper.settings.segments?.thought;
  if (segment?.suffix === undefined) return undefined;
  const { prefix, suffix, openOnResponseStart } = segment;
  const close = plain(suffix).trim();
  if (isOpened(prefix)) return { open: '', close, startsOpen: true };
  return { open: plain(prefix).trim(), close, startsOpen: openOnResponseStart === true };
}

function isOpened(prefix: object | string): prefix is { type: 'openedOnStart' } {
  return typeof prefix === 'object' && 'type' in prefix;
}

function template(model: LlamaModel): string {
  return model.fileInfo.metadata.tokenizer?.chat_template ?? '';
}

function plain(text: LlamaText | string): string {
  return text.toString();
}
