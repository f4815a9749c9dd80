import { ClusterError, type Call } from '@tutti/core';
import type { Chat, Format, Tool } from '@tutti/proto/tutti/agent/v1/call';
import { folded } from '../json/folded.ts';
import { members, type Member } from '../json/spans.ts';
import { arrayText, objectText, type MaybeMember } from '../json/text.ts';
import { betaField } from './kept-fields.ts';
import { conversationMembers } from './render-messages.ts';
import { samplingMembers } from './render-options.ts';
import { thinkingText } from './render-thinking.ts';
import { unknownField } from './unknown-field.ts';

export interface RequestSettings {
  /** The model, as the server names it. */
  readonly model: string;
  /** Most tokens that the model can generate. Absent: unknown. */
  readonly mostTokens?: number | undefined;
}

export interface AnthropicRequest {
  /** JSON text; it asks for a stream. */
  readonly body: string;
  /** Header `anthropic-beta`; undefined: none. */
  readonly beta: string | undefined;
}

/** What is asked for where a call sets no limit: Anthropic wants one. */
const usualTokens = 8_192;

/**
 * The request that makes an Anthropic server run a chat. Raw spans go in as they are. What Anthropic has no place for is
 * refused: `not_implemented` for a kind of call, `invalid_request` for a field, by its name.
 */
export function renderRequest(call: Call, { model, mostTokens = usualTokens }: RequestSettings): AnthropicRequest {
  if (call.kind.case !== 'chat') {
    throw new ClusterError(
      'not_implemented',
      "The model's server speaks Anthropic's API, which can chat and nothing else.",
    );
  }
  if (call.logprobs !== undefined) throw unknownField('logprobs');
  const own = speaksAnthropic(call);
  const extra = new Map(own && call.extraJson !== '' ? members(call.extraJson) : []);
  const { numPredict = -1, think } = call;
  const maxTokens = numPredict > 0 ? numPredict : mostTokens;
  const chat = call.kind.value;
  const known: MaybeMember[] = [
    ['model', JSON.stringify(model)],
    ['max_tokens', String(maxTokens)],
    ['stream', 'true'],
    ...conversationMembers(chat.messages, own),
    ['tools', chat.tools.length === 0 ? undefined : arrayText(chat.tools.map((tool) => toolText(tool, own)))],
    ['tool_choice', chat.tools.length === 0 ? undefined : toolChoiceText(chat)],
    // Who has not spoken of it in Anthropic's words gets what the server does then.
    ['thinking', extra.get('thinking') ?? (own && think === 'false' ? undefined : thinkingText(think, maxTokens))],
    ['output_config', outputText(call.format, extra.get('output_config'))],
    ...samplingMembers(call.optionsJson),
  ];
  const names = new Set([betaField, ...known.map(([key]) => key)]);
  const beta = extra.get(betaField);
  return {
    body: objectText([...known, ...[...extra].filter(([key]) => !names.has(folded(key)))]),
    beta: beta === undefined ? undefined : (JSON.parse(beta) as string),
  };
}

/** Unknown fields are passed on only to a server whose words they are. */
function speaksAnthropic({ dialect }: Call): boolean {
  return dialect === 'anthropic';
}

function toolText(tool: Tool, withExtra: boolean): string {
  return objectText([
    ['name', JSON.stringify(tool.name)],
    ['description', tool.description === '' ? undefined : JSON.stringify(tool.description)],
    ['input_schema', tool.parametersJson || '{"type":"object"}'],
    ...(withExtra && tool.extraJson !== '' ? members(tool.extraJson) : []),
  ]);
}

const choices: Readonly<Record<string, string>> = { '"none"': '{"type":"none"}', '"required"': '{"type":"any"}' };

function toolChoiceText({ toolChoiceJson: json }: Chat): string | undefined {
  if (!json.startsWith('{')) return choices[json];
  const { function: named } = JSON.parse(json) as { function?: { name?: string } };
  return `{"type":"tool","name":${JSON.stringify(named?.name ?? '')}}`;
}

/** `given`: what the caller has said in it, in Anthropic's own words. */
function outputText(format: Format | undefined, given: string | undefined): string | undefined {
  const others: Member[] = given === undefined ? [] : members(given).filter(([key]) => key !== 'format');
  if (format?.kind.case === 'json' && format.kind.value) throw unknownField('format "json"');
  const schema = format?.kind.case === 'schemaJson' ? format.kind.value : undefined;
  if (schema === undefined) return given;
  return objectText([...others, ['format', objectText([...jsonSchema, ['schema', schema]])]]);
}

const jsonSchema: readonly Member[] = [['type', '"json_schema"']];
