import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ToolCallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { badUpstream, isObject, textField } from '../upstream.ts';

/** The tool calls of one answer. They come in pieces: one that is not whole says nothing. */
export interface ToolCalls {
  /** Takes `tool_calls` of an event. Throws bad_upstream if they are of another shape. */
  add(value: unknown): void;
  /** Gives out what has come together. Arguments that are no JSON object are bad_upstream; `cut`: they are left out. */
  take(cut: boolean): MessageInitShape<typeof ToolCallSchema>[];
}

interface Pieces {
  id: string;
  name: string;
  argumentsText: string;
}

export function createToolCalls(): ToolCalls {
  const calls = new Map<number, Pieces>();

  /** Some servers do not number the calls: then one with an id begins a new one. */
  const indexOf = (given: unknown, id: string): number => {
    if (typeof given === 'number') return given;
    return id !== '' || calls.size === 0 ? calls.size : calls.size - 1;
  };

  const addOne = (value: unknown): void => {
    if (!isObject(value)) throw badUpstream('a tool call is not an object');
    const called = value['function'] ?? {};
    if (!isObject(called)) throw badUpstream('the function of a tool call is not an object');
    const id = textField(value, 'id');
    const index = indexOf(value['index'], id);
    const pieces = calls.get(index) ?? { id: '', name: '', argumentsText: '' };
    calls.set(index, pieces);
    pieces.id ||= id;
    pieces.name ||= textField(called, 'name');
    // Some servers send arguments as an object.
    const { arguments: given } = called;
    pieces.argumentsText += isObject(given) ? JSON.stringify(given) : textField(called, 'arguments');
  };

  return {
    add(value) {
      if (value === undefined || value === null) return;
      if (!Array.isArray(value)) throw badUpstream('"tool_calls" are not a list');
      value.forEach(addOne);
    },
    take(cut) {
      const whole = [...calls.values()].filter(({ name, argumentsText }) => {
        if (name !== '' && isArguments(argumentsText)) return true;
        if (cut) return false;
        throw badUpstream('a tool call has no name, or its arguments are no JSON object');
      });
      calls.clear();
      return whole.map(({ id, name, argumentsText }, index) => ({
        ...{ index, id, name },
        argumentsJson: argumentsText.trim() || '{}',
      }));
    },
  };
}

function isArguments(text: string): boolean {
  if (text.trim() === '') return true;
  try {
    return isObject(JSON.parse(text));
  } catch {
    return false;
  }
}
