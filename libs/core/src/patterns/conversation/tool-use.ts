import { ClusterError } from '../../error.ts';
import { canonicalJson, type Json, type JsonObject } from '../json.ts';
import type { RunContext } from '../pattern.ts';
import type { FunctionCall } from '../question.ts';
import type { OfferedTool, Tool, Tools } from './tool.ts';

/** A use of a tool, as it is told afterwards. */
export type ToolUse = {
  readonly tool: string;
  /** JSON. */
  readonly arguments: string;
  /** "denied": by the policy or a person. "expired": nobody said. */
  readonly outcome: 'done' | 'failed' | 'denied' | 'expired';
  /** What came out, or why nothing did. */
  readonly output: string;
};

interface Options {
  readonly context: RunContext;
  /** Id of the step; a person is asked by `${id}.allow`. */
  readonly id: string;
  readonly call: FunctionCall;
  readonly offered: readonly OfferedTool[];
  readonly tools: Tools;
}

/** How long a person has for an answer, where a tool does not say. */
export const usualAskMs = 10 * 60_000;

/** Uses a tool as its policy says. */
export async function useTool({ context, id, call, offered, tools }: Options): Promise<ToolUse> {
  const { name } = call;
  const ended = (outcome: ToolUse['outcome'], output: string): ToolUse => ({
    ...{ tool: name, arguments: call.arguments, outcome, output },
  });
  const offer = offered.find((one) => one.name === name);
  const tool = Object.hasOwn(tools, name) ? tools[name] : undefined;
  if (!offer || !tool) return ended('failed', `There is no tool "${name}".`);
  const args = argumentsOf(call);
  if (!args) return ended('failed', 'The arguments are no JSON object.');
  if (offer.policy === 'deny') return ended('denied', 'This tool must not be used.');
  if (offer.policy === 'ask') {
    const allowed = await isAllowed(context, `${id}.allow`, offer, args);
    if (allowed === undefined) return ended('expired', 'Nobody allowed it in time.');
    if (!allowed) return ended('denied', 'The user does not allow it.');
  }
  const { error, value } = (await context.step(id, (signal) => ran(tool, args, signal)).answer) as JsonObject;
  if (typeof error === 'string') return ended('failed', error);
  return ended('done', typeof value === 'string' ? value : canonicalJson(value));
}

/** What a call asks for, in the same words for the same. */
export function callKey(call: FunctionCall): string {
  return `${call.name} ${canonicalJson(argumentsOf(call) ?? call.arguments)}`;
}

/** Undefined: nobody said in time. */
async function isAllowed(context: RunContext, id: string, { name, askMs = usualAskMs }: OfferedTool, args: JsonObject) {
  const question = {
    prompt: `May "${name}" be used with these arguments?`,
    schema: { type: 'boolean' },
    effect: { tool: name, arguments: args },
    expiresMs: askMs,
  };
  try {
    return (await context.human(id, question).answer) === true;
  } catch (thrown) {
    if (ClusterError.from(thrown).reason === 'deadline_exceeded') return undefined;
    throw thrown;
  }
}

/** A tool that fails is an answer too: the model may try another way. */
async function ran(tool: Tool, args: JsonObject, signal: AbortSignal): Promise<Json> {
  try {
    return { value: await tool.run(args, signal) };
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    return { error: ClusterError.from(thrown).message };
  }
}

function argumentsOf(call: FunctionCall): JsonObject | undefined {
  try {
    const json = JSON.parse(call.arguments) as Json;
    return json !== null && typeof json === 'object' && !Array.isArray(json) ? (json as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}
