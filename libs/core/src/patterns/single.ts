import { z } from 'zod';
import { conversationOf, needsOf } from './conversation.ts';
import { chooseModel } from './members.ts';
import type { Pattern } from './pattern.ts';
import type { Turn } from './question.ts';
import { readBody } from './read-body.ts';

type SingleInput = { readonly model: string; readonly messages: readonly Turn[]; readonly maxTokens: number };

const fields = z.object({
  models: z.array(z.string().min(1)).max(16).default([]),
  maxTokens: z.int().min(1).max(1_000_000).default(2_048),
});

/** One call of one model: the first that is named, or the largest in memory. What every other pattern falls back to. */
export const single: Pattern<SingleInput> = {
  name: 'single',
  parse(body, models) {
    const { models: wanted, maxTokens } = readBody(fields, body);
    const messages = conversationOf(body);
    return {
      model: chooseModel(models, { wanted, needs: needsOf(messages) }).name,
      messages,
      maxTokens,
    };
  },
  estimate: () => ({ calls: 1, tokens: 1, models: 1 }),
  async *run({ model, messages, maxTokens }, context) {
    const question = {
      ...{ model, messages, label: { role: 'member' }, voice: 'answer' as const },
      maxTokens: Math.min(maxTokens, context.allowance(1)),
    };
    const { text, node } = await context.ask('answer', question).answer;
    return { text, model, node };
  },
};
