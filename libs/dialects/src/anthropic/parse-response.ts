import { delta, done, textDelta, type Chunk } from '@tutti/core';
import { badUpstream, isObject, readObject, type JsonObject } from '../upstream.ts';
import { streamError } from '../openai/parse-error.ts';

/** Reads the stream of one answer, line by line. */
export interface EventParser {
  /**
   * The chunks of a line without its end; most lines of a stream have none. An event that tells an error throws, as does
   * one that is not Anthropic's: `bad_upstream`.
   */
  line(text: string): Chunk[];
}

interface OpenTool {
  readonly id: string;
  readonly name: string;
  argumentsJson: string;
}

export function createEventParser(): EventParser {
  /** Tools that are being asked for, by the number of their block. */
  const open = new Map<unknown, OpenTool>();
  let toolCalls = 0;
  let usage: JsonObject = {};
  let ending: JsonObject = {};

  const take = (more: unknown): void => {
    if (!isObject(more)) return;
    const told = Object.entries(more).filter(([, value]) => value !== null);
    usage = { ...usage, ...Object.fromEntries(told) };
  };

  const started = ({ index, content_block: block }: JsonObject): Chunk[] => {
    if (!isObject(block)) throw badUpstream('a block has no content');
    if (block['type'] === 'tool_use') {
      open.set(index, { id: textOf(block, 'id'), name: textOf(block, 'name'), argumentsJson: '' });
    }
    if (block['type'] === 'redacted_thinking') return [extra('redacted_thinking', textOf(block, 'data'))];
    return block['type'] === 'text' ? textChunk(textOf(block, 'text')) : [];
  };

  const grown = ({ index, delta: piece }: JsonObject): Chunk[] => {
    if (!isObject(piece)) throw badUpstream('a piece of a block is no object');
    switch (piece['type']) {
      case 'text_delta':
        return textChunk(textOf(piece, 'text'));
      case 'thinking_delta': {
        const thinking = textOf(piece, 'thinking');
        return thinking === '' ? [] : [delta({ thinking })];
      }
      case 'signature_delta':
        return [extra('signature', textOf(piece, 'signature'))];
      case 'input_json_delta': {
        const tool = open.get(index);
        if (!tool) throw badUpstream('the input of a tool comes before the tool');
        tool.argumentsJson += textOf(piece, 'partial_json');
        return [];
      }
      default:
        return [];
    }
  };

  const stopped = ({ index }: JsonObject): Chunk[] => {
    const tool = open.get(index);
    if (!tool) return [];
    open.delete(index);
    return [delta({ toolCalls: [{ ...tool, index: toolCalls++, argumentsJson: argumentsOf(tool) }] })];
  };

  return {
    line(text) {
      if (!text.startsWith('data:')) return [];
      const event = readObject(text.slice('data:'.length));
      switch (event['type']) {
        case 'message_start':
          take(isObject(event['message']) ? event['message']['usage'] : undefined);
          return [];
        case 'content_block_start':
          return started(event);
        case 'content_block_delta':
          return grown(event);
        case 'content_block_stop':
          return stopped(event);
        case 'message_delta':
          take(event['usage']);
          if (isObject(event['delta'])) ending = event['delta'];
          return [];
        case 'message_stop':
          return [done({ ...endOf(ending), usage: usageOf(usage), timings: {} })];
        case 'error':
          throw streamError(event['error']);
        default:
          return [];
      }
    },
  };
}

function textOf(holder: JsonObject, key: string): string {
  const value = holder[key];
  if (typeof value === 'string') return value;
  throw badUpstream(`"${key}" is not a string`);
}

function textChunk(text: string): Chunk[] {
  return text === '' ? [] : [textDelta(text)];
}

/** What only clients of Anthropic have a use for. */
function extra(key: string, value: string): Chunk {
  return delta({ extraJson: JSON.stringify({ [key]: value }) });
}

function argumentsOf({ argumentsJson }: OpenTool): string {
  if (argumentsJson === '') return '{}';
  try {
    if (isObject(JSON.parse(argumentsJson))) return argumentsJson;
  } catch (cause) {
    throw badUpstream('the input of a tool is not JSON', cause);
  }
  throw badUpstream('the input of a tool is not an object');
}

const lengthReasons: ReadonlySet<unknown> = new Set(['max_tokens', 'model_context_window_exceeded']);

/** Reasons that others have no word for, each told as what comes nearest, and as it is beside that. */
const ownReasons: ReadonlySet<unknown> = new Set(['refusal', 'pause_turn', 'model_context_window_exceeded']);

function endOf({ stop_reason: reason, stop_sequence: sequence }: JsonObject): { reason: string; extraJson: string } {
  const told = {
    ...(ownReasons.has(reason) && { stop_reason: reason }),
    ...(reason === 'stop_sequence' && typeof sequence === 'string' && { stop_sequence: sequence }),
  };
  return {
    reason: lengthReasons.has(reason) ? 'length' : 'stop',
    extraJson: Object.keys(told).length === 0 ? '' : JSON.stringify(told),
  };
}

/** Anthropic does not count what is cached among the tokens of the prompt. */
function usageOf(usage: JsonObject) {
  const input = countOf(usage['input_tokens']);
  const cached = countOf(usage['cache_read_input_tokens']);
  const written = countOf(usage['cache_creation_input_tokens']) ?? 0;
  const output = countOf(usage['output_tokens']);
  const details = usage['output_tokens_details'];
  const thinking = isObject(details) ? countOf(details['thinking_tokens']) : undefined;
  return {
    estimated: usage['source'] === 'estimated',
    ...(input !== undefined && { promptTokens: input + (cached ?? 0) + written }),
    ...(cached !== undefined && { cachedTokens: cached }),
    ...(output !== undefined && { outputTokens: output }),
    ...(thinking !== undefined && { thinkingTokens: thinking }),
  };
}

function countOf(value: unknown): number | undefined {
  return Number.isInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}
