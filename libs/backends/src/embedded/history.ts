import type { Message } from '@tutti/proto/tutti/agent/v1/call';
import type { ChatHistoryItem } from 'node-llama-cpp';

/**
 * The conversation as the chat templates of the library take it: the last item is the answer, or the beginning of it.
 */
export function chatHistory(messages: readonly Message[]): ChatHistoryItem[] {
  return withAnswer(messages.map(item));
}

/** A prompt and what the model is told before it. */
export function oneTurn(system: string | undefined, prompt: string): ChatHistoryItem[] {
  const before: ChatHistoryItem[] = system ? [{ type: 'system', text: system }] : [];
  return withAnswer([...before, { type: 'user', text: prompt }]);
}

function withAnswer(items: ChatHistoryItem[]): ChatHistoryItem[] {
  return items.at(-1)?.type === 'model' ? items : [...items, { type: 'model', response: [] }];
}

/**
 * The library knows no tool turns outside its own function calls: a result is told by the user, a call stands as JSON.
 */
function item(message: Message): ChatHistoryItem {
  const text = message.parts.map(({ kind }) => (kind.case === 'text' ? kind.value : '')).join('');
  if (message.role === 'system') return { type: 'system', text };
  if (message.role !== 'assistant') return { type: 'user', text };
  const calls = message.toolCalls.map(
    (call) => `{"name":${JSON.stringify(call.name)},"arguments":${call.argumentsJson}}`,
  );
  return { type: 'model', response: [[text, ...calls].filter((part) => part !== '').join('\n')] };
}
