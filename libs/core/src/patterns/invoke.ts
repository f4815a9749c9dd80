import type { FunctionCall, Answer, Question } from './question.ts';
import { isWaiting } from '../chunk.ts';
import { ClusterError } from '../error.ts';
import { continuation } from '../failure/continuation.ts';
import { createSeam } from '../failure/seam.ts';
import type { Chunk, Context, Generate } from '../generate.ts';
import type { Clock } from '../ports.ts';
import type { Tokens } from './budget.ts';
import { callOf } from './call-of.ts';

interface Options {
  readonly question: Question;
  /** Most tokens that it may generate. */
  readonly granted: number;
  /** What an earlier process had let it say: the answer goes on from there. */
  readonly said: string;
  readonly context: Context;
  readonly generate: Generate;
  readonly clock: Clock;
  /** Words of the answer, as they come. */
  readonly onText: (text: string) => void;
  /** Anything was heard of it; `isWaiting`: that it waits for a place, or for its model. */
  readonly onSign: (isWaiting: boolean) => void;
}

export interface Invocation {
  readonly answer: Promise<Answer>;
  /** Grows while it lasts: pieces of text at first, the backend's own counts when it has ended. */
  readonly taken: Tokens;
}

/** A grammar that allows blanks can make a model write nothing else for ever. */
const mostBlankPieces = 64;

/** About as many characters as a token has. */
const charactersPerToken = 4;

/** Asks a model, once. */
export function invoke(options: Options): Invocation {
  const { question, granted, said, context, generate, clock, onText, onSign } = options;
  const startedAt = clock.now();
  let text = said;
  let thinking = '';
  let blanks = 0;
  let at = { node: '', model: question.model };
  let reason = '';
  const taken = { promptTokens: 0, outputTokens: 0 };
  const toolCalls: FunctionCall[] = [];
  const seam = createSeam(said);

  const add = (fresh: string): void => {
    if (fresh === '') return;
    text += fresh;
    onText(fresh);
  };

  const read = (chunk: Chunk): void => {
    const { kind } = chunk;
    onSign(isWaiting(chunk));
    if (kind.case === 'progress' && kind.value.kind.case === 'dispatched') {
      const { node, model } = kind.value.kind.value;
      at = { node, model: model || at.model };
    } else if (kind.case === 'delta') {
      taken.outputTokens += 1;
      blanks = kind.value.text.trim() === '' && kind.value.thinking === '' ? blanks + 1 : 0;
      if (question.schema && blanks > mostBlankPieces) throw onlyBlanks(question.model);
      thinking += kind.value.thinking;
      for (const { id, name, argumentsJson } of kind.value.toolCalls) {
        toolCalls.push({ id, name, arguments: argumentsJson });
      }
      add(seam.push(kind.value.text));
    } else if (kind.case === 'done') {
      reason = kind.value.reason;
      const { promptTokens, outputTokens } = kind.value.usage ?? taken;
      Object.assign(taken, { promptTokens, outputTokens });
    }
  };

  const asked = async (): Promise<Answer> => {
    const whole = callOf(question, granted);
    const call = said === '' ? whole : continuation(whole, said, Math.ceil(said.length / charactersPerToken));
    if (call) for await (const chunk of generate(call, context)) read(chunk);
    add(seam.flush());
    const durationMs = clock.now() - startedAt;
    return { text, thinking, toolCalls, ...at, reason: reason || 'length', ...taken, durationMs };
  };

  return { answer: asked(), taken };
}

function onlyBlanks(model: string): ClusterError {
  return new ClusterError('bad_upstream', `${model} wrote nothing but blanks where JSON was due.`);
}
