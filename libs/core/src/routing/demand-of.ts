import type { Call, Message } from '@tutti/proto/tutti/agent/v1/call';
import { Priority, Privacy, type Context } from '../generate.ts';
import { canonicalModel } from '../model-name.ts';
import type { Demand } from './demand.ts';
import type { Estimates } from './estimates.ts';
import { createPrefix, type Prefix } from './prefix.ts';
import { runnerOptionsOf } from './runner-options.ts';

/** What a picture or a sound counts for; models differ, most lie between a hundred and a thousand. */
const mediaTokens = 256;

/** What the call asks of a node. */
export function demandOf(call: Call, context: Context, estimates: Estimates): Demand {
  const model = canonicalModel(call.model);
  const rate = estimates.tokensPerCharacter(model);
  const prefix = createPrefix(rate);
  const { characters, otherTokens, capabilities, ...rest } = promptOf(call, prefix, rate);
  const { pin, tier, principal, priority, privacy } = context;
  return {
    model,
    ...(call.digest === '' ? {} : { digest: call.digest }),
    kind: call.kind.case === 'embed' ? 'embed' : 'generate',
    capabilities,
    promptTokens: Math.ceil(characters * rate) + otherTokens,
    ...(otherTokens === 0 ? { promptCharacters: characters } : {}),
    ...rest,
    maxOutputTokens: mostOutput(call, characters + otherTokens),
    numCtx: call.numCtx?.preferred || call.numCtx?.min || undefined,
    runnerOptions: runnerOptionsOf(call.optionsJson),
    prefix: prefix.marks,
    tenant: principal.id,
    priority: priority === Priority.UNSPECIFIED ? Priority.DEFAULT : priority,
    privacy: privacy === Privacy.UNSPECIFIED ? Privacy.CLUSTER : privacy,
    node: pin,
    tier,
  };
}

/** How many tokens the prompt of a call has, as far as is known of its model. */
export function promptTokensOf(call: Call, estimates: Pick<Estimates, 'tokensPerCharacter'>): number {
  const rate = estimates.tokensPerCharacter(canonicalModel(call.model));
  const { characters, otherTokens } = promptOf(call, createPrefix(rate), rate);
  return Math.ceil(characters * rate) + otherTokens;
}

/** A prompt as far as it matters for choosing. */
interface Prompt {
  readonly characters: number;
  /** Tokens that no characters stand for. */
  readonly otherTokens: number;
  readonly capabilities: readonly string[];
  readonly contextTokens?: number;
}

function promptOf({ kind }: Call, prefix: Prefix, rate: number): Prompt {
  switch (kind.case) {
    case 'embed':
      return embedPrompt(kind.value.inputs, kind.value.truncate === true, rate);
    case 'completion': {
      const { system = '', prompt, suffix = '', images, context } = kind.value;
      prefix.add(system);
      prefix.endPart();
      prefix.add(prompt + suffix);
      const otherTokens = context.length + images.length * mediaTokens;
      return finished(prefix, otherTokens, images.length > 0 ? ['completion', 'vision'] : ['completion']);
    }
    case 'chat':
      return chatPrompt(kind.value, prefix);
    default:
      return finished(prefix, 0, []);
  }
}

type Chat = Extract<Call['kind'], { case: 'chat' }>['value'];

function chatPrompt({ messages, tools, toolChoiceJson }: Chat, prefix: Prefix): Prompt {
  // Templates put the tools before what was said.
  for (const { name, description, parametersJson } of tools) prefix.add(name + description + parametersJson);
  // Whoever may not call anything, or must, needs no skill in choosing: backends hold any model to that.
  const chooses = tools.length > 0 && (toolChoiceJson === '' || toolChoiceJson === '"auto"');
  const capabilities = chooses ? ['completion', 'tools'] : ['completion'];
  let media = 0;
  let pictures = false;
  for (const message of messages) {
    for (const type of addMessage(message, prefix)) {
      media += 1;
      pictures ||= type === '' || type.startsWith('image/');
    }
    prefix.endPart();
  }
  if (pictures) capabilities.push('vision');
  return finished(prefix, media * mediaTokens, capabilities);
}

/** The types of media in the message. */
function addMessage({ role, parts, thinking, toolCalls }: Message, prefix: Prefix): string[] {
  const media: string[] = [];
  prefix.add(role);
  prefix.add(thinking);
  for (const { kind } of parts) {
    if (kind.case === 'text') {
      prefix.add(kind.value);
    } else if (kind.case === 'media') {
      media.push(kind.value.mediaType);
      prefix.addMedia(kind.value.data, mediaTokens);
    }
  }
  for (const { name, argumentsJson } of toolCalls) prefix.add(name + argumentsJson);
  return media;
}

function finished(prefix: Prefix, otherTokens: number, capabilities: readonly string[]): Prompt {
  prefix.endPart();
  return { characters: prefix.characters, otherTokens, capabilities };
}

/** Each text has the context to itself; what may be cut fits any. Nothing of it is cached for others. */
function embedPrompt(inputs: readonly string[], mayCut: boolean, rate: number): Prompt {
  let characters = 0;
  let longest = 0;
  for (const { length } of inputs) {
    characters += length;
    longest = Math.max(longest, length);
  }
  const contextTokens = mayCut ? 0 : Math.ceil(longest * rate);
  return { characters, otherTokens: 0, capabilities: ['embedding'], contextTokens };
}

/** A call without a prompt only loads the model, or unloads it. */
function mostOutput({ kind, numPredict }: Call, prompt: number): number {
  if (kind.case === 'embed' || prompt === 0) return 0;
  return numPredict === undefined || numPredict < 0 ? Number.POSITIVE_INFINITY : numPredict;
}
