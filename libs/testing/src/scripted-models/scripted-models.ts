import {
  ClusterError,
  done,
  pause,
  progress,
  textDelta,
  throwIfAborted,
  type Call,
  type Clock,
  type Generate,
} from '@tutti/core';
import { createDraw } from './draw.ts';
import { promptOf } from './prompt.ts';
import { questionIdIn, type SyntheticQuestion } from './questions.ts';
import { replyTo } from './reply.ts';
import type { ScriptedModel } from './scripted-model.ts';

interface Options {
  readonly models: readonly ScriptedModel[];
  /** All that they can be asked. */
  readonly questions: readonly SyntheticQuestion[];
  readonly seed: number;
  readonly clock: Clock;
  /** Calls that run at a time; the others wait, first come first served. Default: all. */
  readonly slots?: number | undefined;
}

/** Words that come at once. */
const wordsPerPiece = 8;

/**
 * Models that answer synthetic questions as patterns ask them: in free text, in the forms of a debate, of a judge, of a
 * plan and of a critic. The same call has the same answer in every process, whatever was asked before. A word is a token.
 */
export function scriptedModels({ models, questions, seed, clock, slots = Infinity }: Options): Generate {
  const draw = createDraw(seed);
  const byName = new Map(models.map((model) => [model.name, model]));
  const byId = new Map(questions.map((question) => [question.id, question]));

  const played: Generate = async function* (call, { signal }) {
    const model = byName.get(call.model);
    if (!model) throw new ClusterError('model_not_found', `No script plays ${call.model}.`);
    const prompt = promptOf(call);
    const question = byId.get(questionIdIn(prompt) ?? 0);
    if (!question) throw new ClusterError('invalid_request', 'The scripts do not know this question.');
    const { latencyMs = 400, tokenMs = 20, failureRate = 0 } = model;
    const key = [model.name, call.optionsJson, prompt] as const;
    yield progress({ case: 'dispatched', value: { node: 'scripted', reason: 'scripted', attempt: 1 } });
    await passed(latencyMs * (0.5 + draw('latency', ...key)));
    if (draw('fails', ...key) < failureRate) throw new ClusterError('bad_upstream', `${model.name} failed.`);
    const { words, reason } = wordsOf(replyTo(call, model, question, draw), call);
    for (let from = 0; from < words.length; from += wordsPerPiece) {
      const piece = words.slice(from, from + wordsPerPiece);
      await passed(piece.length * tokenMs);
      for (const word of piece) yield textDelta(word);
    }
    yield done({ reason, usage: { promptTokens: prompt.split(/\s+/).length, outputTokens: words.length } });

    async function passed(delayMs: number): Promise<void> {
      await pause(clock, delayMs, signal);
      throwIfAborted(signal);
    }
  };

  return slots === Infinity ? played : queued(played, slots);
}

/** Lets so many calls run at a time. */
function queued(generate: Generate, slots: number): Generate {
  const waiting: (() => void)[] = [];
  let free = slots;
  return async function* (call, context) {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      throwIfAborted(context.signal);
      yield* generate(call, context);
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}

/** The words of a reply, as many as the call allows. */
function wordsOf(reply: string, { numPredict = Infinity }: Call): { words: readonly string[]; reason: string } {
  const words = reply.match(/\S+\s*/g) ?? [];
  return words.length > numPredict
    ? { words: words.slice(0, numPredict), reason: 'length' }
    : { words, reason: 'stop' };
}
