import type { MessageInitShape } from '@bufbuild/protobuf';
import { ClusterError, delta, done, textDelta, type Chunk } from '@tutti/core';
import type { DoneSchema } from '@tutti/proto/tutti/agent/v1/chunk';
import { badUpstream, isObject, readObject, textField, type JsonObject } from '../upstream.ts';
import { createToolCalls } from './answered-tool-calls.ts';
import { streamError } from './parse-error.ts';
import { logprobsOf } from './parse-logprobs.ts';
import { timingsOf, usageOf } from './parse-usage.ts';

/** Reads one answer of an OpenAI-compatible server. */
export interface EventParser {
  /**
   * The chunks of one line of the event stream; an answer in one object is a line as well. An error in the stream is
   * thrown as its reason has it, what is no stream of OpenAI's as bad_upstream.
   */
  line(text: string): Chunk[];
  /** The chunks that are left when the stream has ended. Throws bad_upstream if the answer was not complete. */
  end(): Chunk[];
}

interface ParserSettings {
  /** A guess at the tokens of the prompt, for servers that count nothing. */
  readonly promptTokens: number;
  /** Whether the answer must call a function: some servers do not know how to see to that. */
  readonly mustCall?: boolean;
}

type DoneInit = MessageInitShape<typeof DoneSchema>;

/** Lines of a stream of events that are no data. */
const asides = /^(?::|event:|id:|retry:)/;

export function createEventParser({ promptTokens, mustCall = false }: ParserSettings): EventParser {
  const toolCalls = createToolCalls();
  let finish: string | undefined;
  let stopText: string | undefined;
  let usage: DoneInit['usage'];
  let timings: DoneInit['timings'];
  let pieces = 0;
  let called = false;
  let over = false;

  const finished = (reason: string): Chunk[] => {
    finish = reason;
    const calls = toolCalls.take(reason === 'length');
    called ||= calls.length > 0;
    return calls.length === 0 ? [] : [delta({ toolCalls: calls })];
  };

  const ended = (): Chunk[] => {
    over = true;
    const left = finish === undefined ? finished('stop') : [];
    if (mustCall && !called && finish !== 'length') {
      throw new ClusterError('bad_upstream', 'The backend was told to call a function, and the answer calls none.');
    }
    const counted = usage ?? { estimated: true, promptTokens, outputTokens: pieces };
    const reason = finish === 'length' ? 'length' : 'stop';
    return [...left, done({ reason, usage: counted, timings: timings ?? {}, extraJson: endText(finish, stopText) })];
  };

  const choiceChunks = (choice: JsonObject): Chunk[] => {
    const said = choice['delta'] ?? choice['message'] ?? choice;
    if (!isObject(said)) throw badUpstream('a choice is not an object');
    const text = textField(said, 'content') + textField(said, 'refusal') + textField(choice, 'text');
    const thinking = textField(said, 'reasoning_content') || textField(said, 'reasoning');
    const logprobs = logprobsOf(choice['logprobs']);
    toolCalls.add(said['tool_calls']);
    const found: Chunk[] = [];
    if (thinking !== '' || logprobs.length > 0) found.push(delta({ text, thinking, logprobs }));
    else if (text !== '') found.push(textDelta(text));
    pieces += found.length;
    const reason = textField(choice, 'finish_reason');
    // vLLM tells which text it was; for a token it tells a number.
    if (typeof choice['stop_reason'] === 'string') stopText = choice['stop_reason'];
    if (reason === 'error') throw streamError(choice['error'] ?? 'the backend failed');
    return reason === '' ? found : [...found, ...finished(reason)];
  };

  const event = (text: string): Chunk[] => {
    const line = readObject(text);
    if (line['error']) throw streamError(line['error']);
    usage = usageOf(line) ?? usage;
    timings = timingsOf(line) ?? timings;
    const { choices } = line;
    if (choices === undefined && usage === undefined) throw badUpstream('an event has no "choices"');
    const first: unknown = Array.isArray(choices) ? choices[0] : undefined;
    return isObject(first) ? choiceChunks(first) : [];
  };

  return {
    line(text) {
      if (over || asides.test(text)) return [];
      const data = /^(?:data: ?)?(.*?)\r?$/s.exec(text)?.[1] ?? '';
      if (data === '[DONE]') return ended();
      // Older llama-servers have a field of their own for errors.
      if (data.startsWith('error:')) throw streamError(readObject(data.slice('error:'.length)));
      return data.trim() === '' ? [] : event(data);
    },
    end() {
      if (over) return [];
      if (finish !== undefined) return ended();
      throw new ClusterError('bad_upstream', 'The backend ended its answer before it was complete.');
    },
  };
}

/** What of the end only some clients have a word for, in that of Anthropic's; empty: nothing. */
function endText(finish: string | undefined, stopText: string | undefined): string {
  if (finish === 'content_filter') return '{"stop_reason":"refusal"}';
  return stopText === undefined ? '' : JSON.stringify({ stop_sequence: stopText });
}
