import type { MessageInitShape } from '@bufbuild/protobuf';
import type { MessageSchema } from '@tutti/proto/tutti/agent/v1/call';

type MessageInit = MessageInitShape<typeof MessageSchema>;

/** Names the function that each tool's message is of: other dialects give only the id of the call, Ollama wants the name. */
export function withToolNames(messages: readonly MessageInit[]): MessageInit[] {
  const names = new Map<string, string>();
  return messages.map((message) => {
    for (const { id = '', name = '' } of message.toolCalls ?? []) names.set(id, name);
    if (message.role !== 'tool') return message;
    return { ...message, toolName: message.toolName || (names.get(message.toolCallId ?? '') ?? '') };
  });
}
