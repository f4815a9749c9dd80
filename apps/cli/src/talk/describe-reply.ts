import { measured, thousands } from '../output/format.ts';
import { facts } from '../output/table.ts';
import type { Reply } from './stream-chat.ts';

/** "gpu0 - llama3.1:8b - 42 tok/s - ctx 3.1k" */
export function statusLine({ node, model, tokensPerSecond, promptTokens, outputTokens }: Reply): string {
  const context = (promptTokens ?? 0) + (outputTokens ?? 0);
  return [
    node,
    model,
    tokensPerSecond === undefined ? '' : `${tokensPerSecond.toFixed(0)} tok/s`,
    context > 0 ? `ctx ${thousands(context)}` : '',
  ]
    .filter((part) => part !== '')
    .join(' - ');
}

/** What `--verbose` tells. */
export function describeReply(reply: Reply): string {
  const time = (ms: number | undefined): string => (ms === undefined ? '' : measured(ms));
  const { tokensPerSecond, promptTokens, outputTokens, attempts } = reply;
  return facts(
    [
      ['node', reply.node],
      ['route', reply.route],
      ['request', reply.requestId],
      ['attempts', attempts === undefined ? '' : String(attempts)],
      ['queue', time(reply.queueMs)],
      ['load', time(reply.loadMs)],
      ['total', time(reply.totalMs)],
      ['prompt', promptTokens === undefined ? '' : `${promptTokens} tokens`],
      ['output', outputTokens === undefined ? '' : `${outputTokens} tokens`],
      ['speed', tokensPerSecond === undefined ? '' : `${tokensPerSecond.toFixed(1)} tokens/s`],
    ],
    '',
  );
}
