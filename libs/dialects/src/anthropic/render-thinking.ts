import { leastBudget } from './thinking.ts';

/** Tokens to think with, by how much: Anthropic counts them, others have words. */
const budgets: Readonly<Record<string, number>> = { low: 1_024, medium: 4_096, true: 4_096, high: 16_384 };

/** `thinking`, within `maxTokens`. Undefined: nothing was said of it, or there is no room for it. */
export function thinkingText(think: string | undefined, maxTokens: number): string | undefined {
  if (think === 'false') return '{"type":"disabled"}';
  const wanted = think === undefined ? undefined : budgets[think];
  const budget = Math.min(wanted ?? 0, maxTokens - 1);
  return budget < leastBudget ? undefined : `{"type":"enabled","budget_tokens":${budget}}`;
}
