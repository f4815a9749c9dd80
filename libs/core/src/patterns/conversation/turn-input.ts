import { z } from 'zod';
import { conversationOf, needsOf } from '../conversation.ts';
import type { JsonObject } from '../json.ts';
import { castOf, modelsOfCast, type Cast } from '../maestro/cast.ts';
import type { AvailableModel } from '../pattern.ts';
import { readBody, refusedField } from '../read-body.ts';
import type { Memory } from './memory.ts';
import type { OfferedTool, Tools } from './tool.ts';

/** All that a turn of a conversation depends on. */
export type TurnInput = {
  readonly memory: Memory;
  readonly cast: Cast;
  readonly tools: readonly OfferedTool[];
  /** Models that take tools as functions; others read of them in the prompt. */
  readonly native: readonly string[];
  /** Tokens of context that a call may have. */
  readonly window: number;
};

/** Tokens of context: where a model does not say, and the most that a turn asks for. */
const windows = { unknown: 4_096, most: 8_192 };

const fields = z.object({
  preferredModel: z.string().min(1).exactOptional(),
  pinned: z.array(z.string()).max(64).default([]),
  summary: z.string().default(''),
  tools: z.array(z.string()).max(16).default([]),
});

/** Reads `messages` or `query`, and what else the conversation has. */
export function turnInputOf(body: JsonObject, models: readonly AvailableModel[], table: Tools): TurnInput {
  const { preferredModel: preferred, pinned, summary, tools } = readBody(fields, body);
  const recent = conversationOf(body);
  if (recent.at(-1)?.role !== 'user') throw refusedField('messages', 'the last turn must be of the user.');
  const cast = castOf(models, { preferred, needs: needsOf(recent) });
  const players = modelsOfCast(cast).map((name) => models.find((model) => model.name === name)!);
  const sizes = players.map(({ contextLength }) => contextLength || windows.unknown);
  return {
    memory: { pinned, summary, recent },
    cast,
    tools: [...new Set(tools)].map((name) => offered(table, name)),
    native: players.filter(takesTools).map(({ name }) => name),
    window: Math.min(windows.most, ...sizes),
  };
}

function takesTools({ capabilities }: AvailableModel): boolean {
  return capabilities.length === 0 || capabilities.includes('tools');
}

function offered(table: Tools, wanted: string): OfferedTool {
  const tool = Object.hasOwn(table, wanted) ? table[wanted] : undefined;
  if (!tool)
    throw refusedField('tools', `there is no "${wanted.slice(0, 64)}"; there is ${Object.keys(table).join(', ')}.`);
  const { name, description, parameters, policy, askMs } = tool;
  return { name, description, parameters, policy, ...(askMs !== undefined && { askMs }) };
}
