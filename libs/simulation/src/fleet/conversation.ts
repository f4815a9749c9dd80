import type { Random } from '@tutti/core';
import type { PrefixMark } from '@tutti/core/cluster';
import type { MachineModel } from '../machine-profile.ts';
import { exponential, integer, lognormal, pick } from './draws.ts';

/** One call of a conversation. */
export interface Turn {
  readonly atMs: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly numCtx: number | undefined;
  readonly prefix: readonly PrefixMark[];
}

export interface Start {
  readonly atMs: number;
  readonly turns: number;
  /** Prompts of one conversation share beginnings; those of two share no more than a system prompt. */
  readonly id: number;
}

const systemPrompts: readonly PrefixMark[] = [90, 150, 240, 320, 450, 600, 900, 1_400].map((tokens, index) => ({
  hash: index + 1,
  tokens,
}));

/** What clients ask for; undefined: they leave it to the server. */
const wishes = [undefined, undefined, undefined, 4_096, 8_192, 8_192, 16_384];

/** A client that asks for a context asks for one that its conversation fits in; so large a conversation ends. */
const longestPrompt = 12_000;
const mostOutput = 900;
/** For the guess when an answer will be there. */
const answerTokensPerMs = 0.02;
const meanThinkMs = 20_000;

/** The turns of a conversation: each brings the whole exchange so far, so the prompts grow. */
export function conversation(random: Random, model: MachineModel, { atMs, turns, id }: Start): Turn[] {
  const wish = pick(random, wishes);
  const result: Omit<Turn, 'numCtx'>[] = [];
  const marks = [pick(random, systemPrompts)];
  let dueMs = atMs;
  let answered = 0;
  for (let turn = 0; turn < turns; turn++) {
    const before = marks.at(-1)!.tokens + answered;
    // Now and then somebody pastes a document.
    const asked = random() < 0.12 ? lognormal(random, 1_400, 0.5) : lognormal(random, 60, 0.9);
    const promptTokens = Math.ceil(before + asked);
    if (promptTokens > longestPrompt) break;
    marks.push({ hash: 1_000 + id * 16 + turn, tokens: promptTokens });
    const outputTokens = outputLength(random);
    result.push({ atMs: dueMs, promptTokens, outputTokens, prefix: marks.slice() });
    answered = outputTokens;
    dueMs += outputTokens / answerTokensPerMs + exponential(random, meanThinkMs);
  }
  const longest = Math.max(...result.map(({ promptTokens, outputTokens }) => promptTokens + outputTokens));
  const numCtx =
    wish &&
    Math.min(model.trainedContext, [4_096, 8_192, 16_384].find((size) => size >= Math.max(wish, longest)) ?? 16_384);
  return result.map((turn) => ({ ...turn, numCtx }));
}

/** A text to be turned into a vector: a prompt, and no output. */
export function embedding(random: Random, atMs: number, id: number): Turn {
  const promptTokens = Math.ceil(Math.min(1_500, lognormal(random, 180, 0.7)));
  return {
    atMs,
    promptTokens,
    outputTokens: 0,
    numCtx: undefined,
    prefix: [{ hash: 1_000 + id * 16, tokens: promptTokens }],
  };
}

/** Tokens of an answer: mostly short, now and then long. */
function outputLength(random: Random): number {
  return Math.max(1, Math.min(mostOutput, Math.round(lognormal(random, 110, 0.8))));
}

/** How many turns a conversation has: one to seven. */
export function turnCount(random: Random): number {
  return Math.min(integer(random, 1, 7), integer(random, 1, 7));
}
