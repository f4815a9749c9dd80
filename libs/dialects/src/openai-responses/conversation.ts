import type { MessageInitShape } from '@bufbuild/protobuf';
import type { MessageSchema } from '@tutti/proto/tutti/agent/v1/call';
import { withToolNames } from '../tool-names.ts';
import type { Turn } from './items.ts';

/** The messages that items stand for: what a model thought, said and asked for at one time is one message. */
export function messagesOf(turns: readonly Turn[]): MessageInitShape<typeof MessageSchema>[] {
  const messages: Turn[] = [];
  for (const turn of turns) {
    const last = messages.at(-1);
    if (last && goesOn(last, turn)) messages[messages.length - 1] = joined(last, turn);
    else messages.push(turn);
  }
  return withToolNames(messages.map((message) => ({ ...message, toolCalls: numbered(message.toolCalls) })));
}

/** A model thinks, then speaks, then asks for tools. */
function goesOn(last: Turn, next: Turn): boolean {
  if (last.role !== 'assistant' || next.role !== 'assistant') return false;
  if (next.toolCalls.length > 0) return true;
  return last.parts.length === 0 && last.toolCalls.length === 0;
}

function joined(last: Turn, next: Turn): Turn {
  return {
    ...last,
    parts: [...last.parts, ...next.parts],
    thinking: [last.thinking, next.thinking].filter((text) => text !== '').join('\n'),
    toolCalls: [...last.toolCalls, ...next.toolCalls],
  };
}

function numbered(calls: Turn['toolCalls']): Turn['toolCalls'] {
  return calls.map((call, index) => ({ ...call, index }));
}
