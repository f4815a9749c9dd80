import { objectText } from '../json/text.ts';

/** The answer of POST /v1/messages/count_tokens. `estimated`: the model's own tokenizer was not asked. */
export function renderCount(inputTokens: number, estimated: boolean): string {
  return objectText([
    ['input_tokens', String(inputTokens)],
    ['estimated', estimated ? 'true' : undefined],
  ]);
}
