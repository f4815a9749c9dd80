import type { ToolCall } from '@tutti/proto/tutti/agent/v1/call';
import type { Place, WriteEvent, WrittenItem } from './open-items.ts';
import { functionCallText } from './output-items.ts';

/** All events of a call of a function; calls come whole. */
export function functionCallEvents(event: WriteEvent, { id, index }: Place, call: ToolCall): WrittenItem {
  const item = functionCallText(id, call, 'completed');
  const empty = functionCallText(id, { ...call, argumentsJson: '' }, 'in_progress');
  const place = `"item_id":"${id}","output_index":${index}`;
  const [name, written] = [JSON.stringify(call.name), JSON.stringify(call.argumentsJson)];
  const events =
    event('response.output_item.added', `"output_index":${index},"item":${empty}`) +
    event('response.function_call_arguments.delta', `${place},"delta":${written}`) +
    event('response.function_call_arguments.done', `${place},"name":${name},"arguments":${written}`) +
    event('response.output_item.done', `"output_index":${index},"item":${item}`);
  return { item, events };
}
