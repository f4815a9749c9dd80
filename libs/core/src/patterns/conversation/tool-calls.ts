import { z } from 'zod';
import { jsonIn, withoutThinking } from '../json-in.ts';
import type { Answer, FunctionCall } from '../question.ts';
import type { OfferedTool } from './tool.ts';

/** More in one answer are not looked at. */
const mostCalls = 4;

const written = z.object({ name: z.string(), arguments: z.record(z.string(), z.json()) });

/** The tools that an answer asks for. Small models write the request as text: it counts if that is all they say. */
export function toolCallsIn({ text, toolCalls }: Answer, offered: readonly OfferedTool[]): readonly FunctionCall[] {
  if (toolCalls.length > 0) return toolCalls.slice(0, mostCalls);
  const spoken = withoutThinking(text).trim();
  if (!/^(\{|```|<tool_call>)/.test(spoken) || !/(\}|```|<\/tool_call>)$/.test(spoken)) return [];
  const [json] = jsonIn(spoken);
  const call = written.safeParse(json).data;
  if (!call || !offered.some(({ name }) => name === call.name)) return [];
  return [{ id: '', name: call.name, arguments: JSON.stringify(call.arguments) }];
}
